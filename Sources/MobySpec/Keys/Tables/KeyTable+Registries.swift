extension KeyTable where Owner == RegistryFile {
    /// The top level of a file of registries.
    static let registries = KeyTable(
        "registries",
        """
        The top level of a file of registries. Paths are relative to its folder. In each list the first rule that matches counts.
        """,
        [
            Key(
                "mirrors", \.mirrors, .list(.mirrorRule), absent: \.isEmpty,
                "Servers that are asked before a registry. Names and digests of images stay the same.",
                example: "[{match: [docker.io], try: [\"https://mirror.example.com/hub\"]}]", since: .moby),
            Key(
                "hosts", \.hosts, .list(.hostRule), absent: \.isEmpty,
                "How hosts of registries and mirrors are reached: with or without TLS, with which certificates.",
                example: "[{match: [\"*.corp.example\"], ca: [corp.pem]}]", since: .moby),
        ])
}

extension Codec where Value == RegistryFile.MirrorRule {
    fileprivate static var mirrorRule: Codec {
        object(.mirrorRule) { location in
            var rule = RegistryFile.MirrorRule()
            rule.location = location
            return rule
        }
    }
}

extension KeyTable where Owner == RegistryFile.MirrorRule {
    static let mirrorRule = KeyTable(
        "registries.mirrors", "The mirrors of the repositories that it matches.",
        [
            Key(
                "match", \.match, .list(Codec<String>.string.located), absent: nil,
                "Registries, or patterns of full names without tag and digest: `docker.io` is all of it; `*` is any run of characters but `/`, `**` also of those.",
                example: "[docker.io, \"ghcr.io/acme/*\"]", since: .moby),
            Key(
                "try", \.mirrors, .list(Codec<String>.string.located), absent: nil,
                "Mirrors, in the order in which they are asked: `http(s)://host[:port][/path]`. A path that holds `/v2` (`https://host/v2/hub`) names a folder of repositories.",
                example: "[\"https://mirror.example.com/v2/hub\"]", since: .moby, alias: ["mirrors", "endpoints"]),
            Key(
                "origin", \.asksOrigin, .bool, absent: \.self,
                "Whether the registry itself is asked when no mirror has an image.", example: "false", since: .moby,
                default: "true"),
        ])
}

extension Codec where Value == RegistryFile.HostRule {
    fileprivate static var hostRule: Codec {
        object(.hostRule) { location in
            var rule = RegistryFile.HostRule()
            rule.location = location
            return rule
        }
    }
}

extension KeyTable where Owner == RegistryFile.HostRule {
    static let hostRule = KeyTable(
        "registries.hosts", "How the hosts that it matches are reached.",
        [
            Key(
                "match", \.match, .list(Codec<String>.string.located), absent: nil,
                "Hosts; one without port is the host with every port, `*` is any run of characters.",
                example: "[\"registry.example:5000\", \"*.corp.example\"]", since: .moby),
            Key(
                "insecure", \.isInsecure, .bool, "Uses plain HTTP, as `--insecure-registry`.", example: "true",
                since: .moby),
            Key(
                "tls", \.usesTLS, .bool, "Uses TLS even when the host is this machine, as `--tls-registry`.",
                example: "true", since: .moby),
            Key(
                "ca", \.authorities, .list(Codec<String>.string.located), absent: \.isEmpty,
                "PEM files of certificate authorities that are trusted for these hosts, in addition to the usual ones.",
                example: "[corp.pem]", since: .moby),
            Key(
                "client-certificate", \.clientCertificate, Codec<String>.string.located,
                "PEM file of the certificate with which moby identifies itself.", example: "moby.pem", since: .moby,
                with: "client-key: moby.key"),
            Key(
                "client-key", \.clientKey, Codec<String>.string.located,
                "PEM file of its private key, without a password.", example: "moby.key", since: .moby,
                with: "client-certificate: moby.pem"),
            Key(
                "connections", \.connections, .int(1...64),
                "How many layers are fetched from these hosts at once; 4 of all hosts together without this key.",
                example: "2", since: .moby),
        ])
}
