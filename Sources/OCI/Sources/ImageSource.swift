internal import Extents
internal import Glibc

/// Where an image is, by what its name begins with.
enum ImageSource: Sendable {
    case registry(ImageReference)
    case layout(path: String, name: String?)
    case layoutArchive(path: String, name: String?)
    case dockerArchive(path: String, name: String?)

    /// - Throws: `ImageReferenceError`; `ImageError` for a file that is not there.
    init(_ text: String) throws {
        for (prefix, make) in Self.local where text.hasPrefix(prefix) {
            let (path, name) = try Self.split(text, text.dropFirst(prefix.count))
            self = make(path, name)
            return
        }
        self = .registry(try ImageReference(text))
    }

    private static let local: [(String, @Sendable (String, String?) -> ImageSource)] = [
        ("oci:", { .layout(path: $0, name: $1) }),
        ("oci-archive:", { .layoutArchive(path: $0, name: $1) }),
        ("docker-archive:", { .dockerArchive(path: $0, name: $1) }),
    ]

    /// Paths and names may both have colons: the longest path that exists is the path.
    private static func split(_ text: String, _ rest: Substring) throws -> (path: String, name: String?) {
        var end = rest.endIndex
        while true {
            let path = String(rest[..<end])
            if !path.isEmpty, access(path, F_OK) == 0 {
                let name = end == rest.endIndex ? "" : String(rest[rest.index(after: end)...])
                return (path, name.isEmpty ? nil : name)
            }
            guard let colon = rest[..<end].lastIndex(of: ":") else { break }
            end = colon
        }
        throw ImageError("'\(PlainText.short(text))': there is no file or folder '\(PlainText.short(rest))'")
    }
}
