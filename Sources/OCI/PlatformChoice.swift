/// For which platforms an image is copied.
public enum PlatformChoice: Sendable, Equatable {
    case these([Platform])
    case all

    /// Reads `all`, or platforms with commas between them.
    /// - Throws: `ImageError`.
    public init(_ text: String) throws {
        if text == "all" {
            self = .all
        } else {
            self = .these(
                try text.split(separator: ",", omittingEmptySubsequences: false).map { try Platform(String($0)) })
        }
    }
}

extension ContentStore {
    /// The platforms of an index, or that of a manifest.
    func platforms(of root: Descriptor) throws -> [Platform] {
        switch try document(root) {
        case .index(let index): return index.platforms
        case .manifest(let manifest):
            guard let bytes = try blob(manifest.config.digest, limit: ImageConfig.largestSize),
                let config = try? ImageConfig(parsing: bytes)
            else { return [] }
            return [config.platform]
        case nil: return []
        }
    }
}
