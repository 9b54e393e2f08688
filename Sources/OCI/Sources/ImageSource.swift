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

/// An image that cannot be had: what was done with which image, and why it ended.
public struct ImageError: Error, Sendable, CustomStringConvertible {
    public let description: String
    /// What was below, if it was an error of its own.
    public let underlying: (any Error)?

    init(_ description: String, underlying: (any Error)? = nil) {
        self.description = description
        self.underlying = underlying
    }

    /// Puts what is being done before what goes wrong; cancellation passes untouched.
    static func context<Value>(_ doing: String, _ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch let error where !(error is CancellationError) {
            throw ImageError("\(doing): \(error)", underlying: (error as? ImageError)?.underlying ?? error)
        }
    }

    /// As the other, for work that does not wait.
    static func context<Value>(_ doing: String, _ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let error where !(error is CancellationError) {
            throw ImageError("\(doing): \(error)", underlying: (error as? ImageError)?.underlying ?? error)
        }
    }

    /// Foreign names in one line: escaped, each cut, at most twenty.
    static func list(_ names: [String], none: String) -> String {
        guard !names.isEmpty else { return none }
        let shown = names.prefix(20).map { PlainText.short($0) }.joined(separator: ", ")
        return names.count > 20 ? "\(shown) and \(names.count - 20) more" : shown
    }

    static func noPlatform(_ wanted: Platform, available: [Platform]) -> ImageError {
        ImageError(
            "there is no image for \(wanted)\n  available: \(list(available.map(\.description), none: "none that is named"))\n"
                + "  hint: choose another platform with --arch, or a tag that was built for \(wanted.architecture)")
    }
}
