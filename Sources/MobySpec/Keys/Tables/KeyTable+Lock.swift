internal import Extents
internal import JSON
internal import OCI

/// The keys of a lock, `x.lock.yml`.
extension KeyTable where Owner == SpecLock {
    static let lock = KeyTable(
        "lock", "The top level of a lock, which pins every input of a build. `moby lock` writes it.",
        [
            Key(
                "lock", \.version, .int(1...1), absent: nil, "The version of this form.", example: "1", since: .moby),
            Key(
                "encoding", \.encoding, .text, absent: nil,
                "How this version of moby makes bytes of inputs. With another encoding, the same inputs give other bytes.",
                example: "\"newc 1, zstd 3\"", since: .moby),
            Key(
                "platforms", \.platforms, .list(.platform), absent: nil,
                "The platforms that images and packages are pinned for.", example: "[linux/amd64]", since: .moby),
            Key(
                "specs", \.specs, .list(.lockedFile(.lockedSpec)),
                "Spec files that are named by URLs.",
                example: "[{url: \"https://example.org/web.yml\", digest: \"sha256:\(Self.sample)\"}]", since: .moby),
            Key(
                "images", \.images, .list(.lockedImage), "The images that the spec names.",
                example:
                    "[{image: \"docker.io/library/nginx:1.27\", digest: \"sha256:\(Self.sample)\", manifests: {linux/amd64: \"sha256:\(Self.sample)\"}}]",
                since: .moby),
            Key(
                "files", \.files, .list(.lockedFile(.lockedFile)),
                "Files of the machine that builds: `source` of `files`, and profiles of `seccomp`.",
                example: "[{source: nginx.conf, digest: \"sha256:\(Self.sample)\"}]", since: .moby),
            Key(
                "packages", \.packages, .list(.lockedPackage),
                "What `@moby:NAME` and `@pkg:FOLDER` mean on each platform, boot loaders included.",
                example: "[{package: \"@moby:runc\", platform: linux/amd64, image: \"localhost/moby/runc:0c1f\"}]",
                since: .moby),
        ])

    fileprivate static var sample: String { String(repeating: "0123456789abcdef", count: 4) }
}

extension Codec where Value == Digest {
    fileprivate static var digest: Codec {
        Codec<String>.string.parsed(from: { $0.description }) { (text: String) throws(SyntaxError) -> Digest in
            if let digest = Digest(text) { return digest }
            throw SyntaxError("is '\(PlainText.short(text))', expected 'sha256:' with 64 digits 0-9 and a-f")
        }
    }
}

extension KeyTable where Owner == SpecLock.Image {
    fileprivate static let lockedImage = KeyTable(
        "lock.image", "An image that the spec names, after variables are replaced.",
        [
            Key(
                "image", \.name, .string, absent: nil,
                "The image, with registry and tag; `oci:`, `oci-archive:` and `docker-archive:` as in the spec.",
                example: "\"docker.io/library/nginx:1.27\"", since: .moby),
            Key(
                "digest", \.digest, .digest,
                "What the name meant: the digest of an index or a manifest. Local sources have none.",
                example: "\"sha256:\(KeyTable<SpecLock>.sample)\"", since: .moby),
            Key(
                "manifests", \.manifests, .manifests, absent: nil, "The manifest for each platform.",
                example: "{linux/amd64: \"sha256:\(KeyTable<SpecLock>.sample)\"}", since: .moby),
            Key(
                "accepted", \.accepted, .list(.acceptance),
                "Why the policy accepted it: who signed what, for all platforms together.",
                example: "[{rule: \"policy.yml:3\", key: acme.pub, digest: \"sha256:\(KeyTable<SpecLock>.sample)\"}]",
                since: .moby),
        ])
}

extension Codec where Value == SpecLock.Image {
    fileprivate static var lockedImage: Codec {
        object(.lockedImage) { location in
            var image = SpecLock.Image()
            image.location = location
            return image
        }
    }
}

extension KeyTable where Owner == SpecLock.Acceptance {
    fileprivate static let acceptance = KeyTable(
        "lock.accepted", "Why a policy accepted an image. Without `key` and `identity`, the rule demands no signature.",
        [
            Key(
                "rule", \.rule, .string, absent: nil, "Name of the policy's file, and line of the rule.",
                example: "\"policy.yml:3\"", since: .moby),
            Key(
                "key", \.key, .string, "File of the key that signed, as the policy names it.", example: "acme.pub",
                since: .moby),
            Key(
                "fingerprint", \.fingerprint, .digest, "SHA-256 of that key.",
                example: "\"sha256:\(KeyTable<SpecLock>.sample)\"", since: .moby),
            Key(
                "identity", \.identity, .string, "The identity that signed, an e-mail address or URI.",
                example: "release@example.org", since: .moby),
            Key(
                "issuer", \.issuer, .string, "Who proved the identity.", example: "\"https://token.example.org\"",
                since: .moby),
            Key(
                "digest", \.digest, .digest, "What was signed: the index or a manifest of the image.",
                example: "\"sha256:\(KeyTable<SpecLock>.sample)\"", since: .moby),
        ])
}

extension Codec where Value == SpecLock.Acceptance {
    fileprivate static var acceptance: Codec { object(.acceptance) { _ in SpecLock.Acceptance() } }
}

extension Codec where Value == [Platform: Digest] {
    fileprivate static var manifests: Codec {
        let digest = Codec<Digest>.digest
        let write: @Sendable ([Platform: Digest]) -> JSONValue = { values in
            .object(values.map { ($0.key.description, digest.write($0.value)) }.sorted { $0.0 < $1.0 })
        }
        return Codec(.map(digest.shape), write: write) { node, reading in
            guard case .mapping(let pairs) = node.content else {
                reading.mismatch(node, expected: "a mapping of platforms")
                return nil
            }
            var values: [Platform: Digest] = [:]
            for pair in pairs {
                reading.within(.key(PlainText.short(pair.key.value))) { reading in
                    guard let platform = try? Platform(pair.key.value) else {
                        reading.error(
                            at: pair.key.location, "'\(PlainText.short(pair.key.value))' is not a platform",
                            hint: "for example linux/amd64")
                        return
                    }
                    values[platform] = digest.read(pair.value, &reading)
                }
            }
            return values
        }
    }
}

extension KeyTable where Owner == SpecLock.File {
    fileprivate static let lockedFile = KeyTable(
        "lock.file", "A file of the machine that builds.",
        [
            Key(
                "source", \.source, .string, absent: nil, "The path as in the spec.", example: "nginx.conf",
                since: .moby),
            digest(" Without it, the file is optional and did not exist."),
        ])

    fileprivate static let lockedSpec = KeyTable(
        "lock.spec", "A spec file that is named by its URL.",
        [
            Key(
                "url", \.source, .string, absent: nil, "The URL, without user, password and query.",
                example: "\"https://example.org/web.yml\"", since: .moby),
            digest(""),
        ])

    private static func digest(_ more: String) -> Key<SpecLock.File> {
        Key(
            "digest", \.digest, .digest, "SHA-256 of the file.\(more)",
            example: "\"sha256:\(KeyTable<SpecLock>.sample)\"", since: .moby)
    }
}

extension Codec where Value == SpecLock.File {
    fileprivate static func lockedFile(_ table: KeyTable<SpecLock.File>) -> Codec {
        object(table) { location in
            var file = SpecLock.File()
            file.location = location
            return file
        }
    }
}

extension KeyTable where Owner == SpecLock.Package {
    fileprivate static let lockedPackage = KeyTable(
        "lock.package", "What a package means on one platform.",
        [
            Key(
                "package", \.template, .string, absent: nil,
                "`@moby:NAME` or `@pkg:FOLDER`; a folder below that of the lock is relative to it.",
                example: "\"@moby:runc\"", since: .moby),
            Key(
                "platform", \.platform, .platform, absent: nil, "The platform.", example: "linux/amd64", since: .moby),
            Key(
                "image", \.image, .string, absent: nil,
                "The image, whose tag is a hash of all that it is made from.",
                example: "\"localhost/moby/runc:0c1f\"", since: .moby),
            Key(
                "debian", \.debian, .list(.debianFile),
                "Its Debian packages: name, version, architecture and SHA-256 of the file.",
                example: "[runc 1.1.5+ds1-1 amd64 \(KeyTable<SpecLock>.sample)]", since: .moby),
        ])
}

extension Codec where Value == SpecLock.Package {
    fileprivate static var lockedPackage: Codec {
        object(.lockedPackage) { location in
            var package = SpecLock.Package()
            package.location = location
            return package
        }
    }
}

extension Codec where Value == String {
    fileprivate static var debianFile: Codec {
        string.checked { text in
            let words = text.split(separator: " ", omittingEmptySubsequences: false)
            if words.count == 4, words.allSatisfy({ !$0.isEmpty }), Digest(sha256: String(words[3])) != nil {
                return nil
            }
            return SyntaxError(
                "is '\(PlainText.short(text))', expected a name, a version, an architecture and a SHA-256")
        }
    }
}
