extension Codec where Value == VolumeSpec {
    static var volume: Codec { object(.volume, noun: "volume") { VolumeSpec(name: "", location: $0) } }
}

extension KeyTable where Owner == VolumeSpec {
    static let volume = KeyTable(
        "volume", "A named directory. Containers use it in `binds` and `mounts` by its name in place of a path.",
        [
            Key(
                "name", \.name, .volumeName, absent: nil, "Name of the volume: letters a-z, digits, `-` and `_`.",
                example: "data"),
            Key(
                "image", \.image, Codec<String>.imageOrNone.located,
                "Image whose files the volume has at first; without it, it is empty.",
                example: "\"busybox:1.36\""),
            Key("readonly", \.readonly, .bool, absent: { !$0 }, "Containers can only read it.", example: "true"),
            Key(
                "format", \.format, .choice(["filesystem", "oci"]), absent: { $0 == "filesystem" },
                "`filesystem` unpacks the image, `oci` stores it as an OCI image layout.", example: "oci"
            ).defaulting(to: "filesystem"),
            Key(
                "platforms", \.platforms, .list(.platform), absent: \.isEmpty,
                "For `format: oci`: which platforms of the image to store; without it, that of the build.",
                example: "[linux/amd64, linux/arm64]"
            ).with("format: oci"),
        ])
}

extension Codec where Value == String {
    /// An image, or the empty string for none.
    static var imageOrNone: Codec {
        string.checked { $0.isEmpty ? nil : ImageName.check($0) }.shaped(.string(pattern: "^$|\(ImageName.pattern)"))
    }
}
