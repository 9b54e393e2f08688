extension Codec where Value == TrustSpec {
    /// Whatever stands there is no error: LinuxKit has had several forms of it, and takes all of them without effect
    /// today.
    static var trust: Codec {
        let strict = object(.trust) { TrustSpec(location: $0) }
        return Codec(strict.shape) { node, reading in
            reading.forgiving { strict.read(node, &$0) }
        } write: {
            strict.write($0)
        }
    }
}

extension KeyTable where Owner == TrustSpec {
    static let trust = KeyTable(
        "trust",
        "Docker Content Trust. Nothing is verified: a build warns of it once. Images named by digest need no signature to be the ones you mean.",
        [
            Key(
                "image", \.images, .strings, "Images whose signatures were verified.", example: "[linuxkit/kernel]",
                since: .always),
            Key(
                "org", \.organizations, .strings, "Organizations whose images were verified.", example: "[linuxkit]",
                since: .always),
        ])
}
