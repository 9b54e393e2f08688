extension Codec where Value == OutputSpec {
    static var output: Codec { object(.output) { OutputSpec(format: Located("", at: $0)) } }
}

extension KeyTable where Owner == OutputSpec {
    static let output = KeyTable(
        "output",
        "What a file of 2017 asks to be built; `--format` wins. With a project or bucket `gcp` uploads and makes an image, `gcp-storage` uploads.",
        [
            Key(
                "format", \.format, Codec<String>.word.shaped(.outputFormat).located, absent: nil,
                "Name of a format, of today or of 2017: `kernel+initrd`, `iso-bios`, `iso-efi`, `gcp-img`, `gcp-storage`, `gcp`, `qcow`, `qcow2`, `vhd`, `vmdk`.",
                example: "gcp-img", since: .only2017),
            Key(
                "project", \.project, Codec<String>.string.located, "Google Cloud project.", example: "my-project",
                since: .only2017),
            Key(
                "bucket", \.bucket, Codec<String>.string.located,
                "Google Cloud storage bucket; without one, `PROJECT-moby-images`.",
                example: "my-bucket",
                since: .only2017),
            Key(
                "family", \.family, Codec<String>.string.located, "Family of the Google Compute image.", example: "web",
                since: .only2017),
            Key(
                "keys", \.keys, Codec<String>.string.located, "File with a key of a Google Cloud service account.",
                example: "gcp.json",
                since: .only2017),
            Key("public", \.isPublic, .bool, "Whether all may read the upload.", example: "true", since: .only2017),
            Key(
                "replace", \.replace, .bool, "Whether to replace an image of the same name.", example: "true",
                since: .only2017),
        ])
}
