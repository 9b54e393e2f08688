extension Codec where Value == BootSpec {
    static var boot: Codec { object(.boot) { _ in BootSpec() } }
}

extension KeyTable where Owner == BootSpec {
    static let boot = KeyTable(
        "boot", "How disks and CDs boot. Of several files, the last that sets a key decides.",
        [
            Key(
                "image", \.image, Codec<String>.image.located,
                "Image with the boot loaders, with the files of `pkg/bootloaders`, which is what is taken without it; `--bootloader` wins.",
                example: "\"acme/bootloaders:1\"", since: .ours)
        ])
}
