extension Codec where Value == BootSpec {
    /// An empty image is none.
    static var boot: Codec {
        object(.boot) { _ in BootSpec() }.map { boot in
            var boot = boot
            if boot.image?.value.isEmpty == true { boot.image = nil }
            return boot
        } from: {
            $0
        }
    }
}

extension KeyTable where Owner == BootSpec {
    static let boot = KeyTable(
        "boot", "How disks and CDs boot. Of several files, the last that sets a key decides.",
        [
            Key(
                "image", \.image, Codec<String>.imageOrNone.located,
                "Image with the boot loaders, with the files of `pkg/bootloaders`, which is what is taken without it; `--bootloader` wins.",
                example: "\"acme/bootloaders:1\"", since: .ours)
        ])
}
