extension KeyTable where Owner == Policy {
    /// The top level of a policy file.
    static let policy = KeyTable(
        "policy",
        """
        The top level of a policy file. Paths are relative to its folder. An image that no rule matches is an error.
        """,
        [
            Key(
                "images", \.rules, .list(.policyRule), absent: nil,
                "Rules; the first one that matches an image counts.",
                example: "[{match: [\"ghcr.io/acme/**\"], keys: [acme.pub]}]")
        ])
}

extension Codec where Value == Policy.Rule {
    fileprivate static var policyRule: Codec {
        object(.policyRule) { location in
            var rule = Policy.Rule()
            rule.location = location
            return rule
        }
    }
}

extension KeyTable where Owner == Policy.Rule {
    static let policyRule = KeyTable(
        "policy.images", "What holds for the images that it matches: `keys`, `keyless` or both, or `accept`.",
        [
            Key(
                "match", \.match, .list(Codec<String>.string.located), absent: nil,
                "Patterns of full names without tag and digest: `*` is any run of characters but `/`, `**` also of those. A local source is matched as it is written, e.g. `oci:vendor/web`.",
                example: "[\"docker.io/library/*\"]"),
            Key(
                "keys", \.keys, .list(Codec<String>.string.located), absent: \.isEmpty,
                "Files of public keys in PEM; a signature of one of them is enough.", example: "[acme.pub]"),
            Key(
                "keyless", \.keyless, .list(.policyIdentity), absent: \.isEmpty,
                "Identities; a signature of one of them is enough.",
                example:
                    "[{root: trusted_root.json, issuer: \"https://token.example.org\", identity: release@example.org}]"),
            Key(
                "accept", \.accept,
                Codec<String>.choice(["any"]).map(from: { $0 ? "any" : "" }) { $0 == "any" },
                absent: { !$0 }, "`any` needs no signature.", example: "any"),
        ])
}

extension Codec where Value == Policy.Identity {
    fileprivate static var policyIdentity: Codec {
        object(.policyIdentity) { Policy.Identity(at: $0) }
    }
}

extension KeyTable where Owner == Policy.Identity {
    static let policyIdentity = KeyTable(
        "policy.images.keyless",
        "Somebody to whom a certificate authority such as Fulcio gave a certificate for the moment of signing.",
        [
            Key(
                "root", \.root, Codec<String>.string.located, absent: nil,
                "File of the trusted root (`trusted_root.json` of sigstore): certificate authorities and transparency logs.",
                example: "trusted_root.json"),
            Key(
                "issuer", \.issuer, .string, absent: nil, "Who proved the identity; `*` is any run of characters.",
                example: "https://token.actions.githubusercontent.com"),
            Key(
                "identity", \.identity, .string, absent: nil,
                "E-mail address or URI of the signer; `*` is any run of characters.",
                example: "\"https://github.com/acme/web/.github/workflows/*@refs/heads/main\""),
        ])
}
