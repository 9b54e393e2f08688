internal import Archive
internal import Extents
internal import FoundationEssentials
internal import OCI
internal import Signatures

/// One entry of a shared cache: an artifact with a tag of its own in a repository (image-spec, manifest.md, guidelines
/// for artifact usage).
///
/// | part | contents |
/// |---|---|
/// | tag | `key-` and the digits of the key |
/// | configuration | the text of the key; its digest is the key's own |
/// | layers | the bytes, then the names at the root; of a package, its manifest, configuration and layers |
/// | annotation `…entry` | this record as JSON: the key again, digests and sizes of the layers |
/// | annotation `…signature` | a bundle of sigstore over the SHA-256 of that JSON |
struct SharedEntry: Codable, Sendable, Equatable {
    struct Part: Codable, Sendable, Equatable {
        /// In hexadecimal.
        var sha256: String
        /// In bytes.
        var size: UInt64
    }

    /// The text of the key.
    var key: String
    /// In the order of the layers.
    var parts: [Part]
    var unpacked: UInt64 = 0
    var entries = 0
    var lostAttributes = 0

    static let artifactType = "application/vnd.moby.cache.entry.v1+json"
    static let keyType = "application/vnd.moby.cache.key.v1+text"
    static let partType = "application/vnd.moby.cache.part.v1"
    static let annotation = "org.mobyproject.cache.entry"
    static let signatureAnnotation = "org.mobyproject.cache.signature"

    static func tag(of key: CacheKey) -> String { "key-\(key.hex)" }

    /// Reads the artifact that a tag led to.
    /// - Throws: ``Refusal`` for one that is not what this program would make for the key.
    init(_ manifest: Manifest, for key: CacheKey) throws {
        guard manifest.artifactType == Self.artifactType else {
            throw Refusal(reason: "its type is not '\(Self.artifactType)'")
        }
        guard let text = manifest.annotations?[Self.annotation],
            let entry = try? JSONDecoder().decode(SharedEntry.self, from: Data(text.utf8))
        else { throw Refusal(reason: "it has no record '\(Self.annotation)'") }
        guard entry.key == key.description, manifest.config.digest.hex == key.hex else {
            throw Refusal(reason: "it is that of another key or another version of its rule")
        }
        guard entry.parts.count == manifest.layers.count,
            zip(entry.parts, manifest.layers).allSatisfy({ $0.sha256 == $1.digest.hex && $0.size == $1.size }),
            !entry.parts.isEmpty
        else { throw Refusal(reason: "its layers are not those of its record") }
        self = entry
    }

    init(key: CacheKey, parts: [Part]) {
        self.key = key.description
        self.parts = parts
    }

    /// The bytes that a signature covers.
    func text() throws -> String { String(decoding: try JSONText.compact(self), as: UTF8.self) }

    /// What a signature of this record is about.
    static func digest(of text: String) -> String { "sha256:" + SHA256.hash(Array(text.utf8)).hex }

    /// Bytes of all parts.
    var size: UInt64 { parts.reduce(0) { $0 + $1.size } }

    func manifest(signature: String?) throws -> Manifest {
        let text = try text()
        let key = Descriptor(
            mediaType: Self.keyType, digest: Digest(sha256: SHA256.hash(Array(self.key.utf8))),
            size: UInt64(self.key.utf8.count))
        var manifest = Manifest(
            config: key,
            layers: parts.compactMap { part in
                Digest(sha256: part.sha256).map {
                    Descriptor(mediaType: Self.partType, digest: $0, size: part.size)
                }
            })
        manifest.artifactType = Self.artifactType
        manifest.annotations = [Self.annotation: text]
        manifest.annotations?[Self.signatureAnnotation] = signature
        return manifest
    }

    /// An entry that cannot be used; it is made here instead.
    struct Refusal: Error, CustomStringConvertible {
        let reason: String
        var description: String { reason }
    }
}

extension CacheKey {
    /// Who may get the bytes of a key from a shared cache.
    enum Sharing {
        case everyone
        /// Holds `files:` of the spec, and is sent only when that was asked for.
        case withFiles
        /// Holds `files:`, or is made faster than it is fetched.
        case none
    }

    var sharing: Sharing {
        switch role {
        case .spec, .sentinel, .sbom: .none
        case .root: .withFiles
        case .record:
            destination.hasPrefix("sbom ") || destination.hasPrefix("unpacked modules ") ? .none : .everyone
        case .microcode, .modules, .`init`, .image, .volume, .kernel, .package: .everyone
        }
    }

    /// An image that was made of Debian packages and files, by its name, which is the hash of those.
    static func package(_ reference: String, _ platform: Platform) -> CacheKey {
        CacheKey(
            role: .package, content: reference, platform: platform.description, destination: "", rules: "1",
            encoding: "none")
    }
}
