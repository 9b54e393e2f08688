internal import Extents
internal import FoundationEssentials
internal import OCI

/// The two members of a manifest that copying it takes.
private struct ManifestHead: Decodable {
    struct Descriptor: Decodable { var digest: String }
    var mediaType: String?
    var config: Descriptor
}

extension VolumeLayouts {
    static func configDigest(_ manifest: ExtentList) throws -> Digest? {
        let head = try JSONDecoder().decode(
            ManifestHead.self, from: Data(ExtentReader.bytes(of: manifest, limit: 4 << 20)))
        return Digest(head.config.digest)
    }
}

extension Platform {
    /// Reads `os/arch[/variant]`.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(os: parts[0], architecture: parts[1], variant: parts.count == 3 ? parts[2] : nil)
    }
}
