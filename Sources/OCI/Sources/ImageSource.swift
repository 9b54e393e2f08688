public import Extents
internal import Glibc

/// Where an image is, by the prefix of its name.
enum ImageSource: Sendable {
    case registry(ImageReference)
    case layout(path: String, name: String?)
    case layoutArchive(path: String, name: String?)
    case dockerArchive(path: String, name: String?)

    /// - Throws: `ImageReferenceError`; `ImageError` for a file that does not exist.
    init(_ text: String) throws {
        for (prefix, make) in Self.local where text.hasPrefix(prefix) {
            let (path, name) = try Self.split(text, text.dropFirst(prefix.count))
            self = make(path, name)
            return
        }
        self = .registry(try ImageReference(text))
    }

    /// Whether a text names a layout or an archive, whether that exists or not.
    static func isLocal(_ text: String) -> Bool { local.contains { text.hasPrefix($0.0) } }

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
            if !path.isEmpty, try HostFiles.exists(path) {
                let name = end == rest.endIndex ? "" : String(rest[rest.index(after: end)...])
                return (path, name.isEmpty ? nil : name)
            }
            guard let colon = rest[..<end].lastIndex(of: ":") else { break }
            end = colon
        }
        throw ImageError("'\(PlainText.short(text))': no file or folder '\(PlainText.short(rest))'")
    }
}

/// An image that is unavailable or unusable, or no name of a platform.
public struct ImageError: HintedError, Sendable, CustomStringConvertible {
    public let description: String
    public let hint: String?

    init(_ description: String, hint: String? = nil) { (self.description, self.hint) = (description, hint) }

    /// Foreign names in one line: escaped, each cut, at most twenty.
    static func list(_ names: [String], none: String) -> String {
        guard !names.isEmpty else { return none }
        let shown = names.prefix(20).map { PlainText.short($0) }.joined(separator: ", ")
        return names.count > 20 ? "\(shown) and \(names.count - 20) more" : shown
    }

    static func noPlatform(_ wanted: Platform, available: [Platform]) -> ImageError {
        ImageError(
            "no image for \(wanted)\n  available: \(list(available.map(\.description), none: "none with a platform"))",
            hint: "choose another platform with --arch, or a tag that was built for \(wanted.architecture)")
    }
}
