internal import Glibc

/// A pattern for paths of a file tree: `*`, `?` and `[a-z]` stay inside one name, as of fnmatch(3) without escapes;
/// `**` is any number of names. A pattern that matches a folder matches everything in it. A leading slash is ignored. A
/// bracket that is not closed is itself.
public struct PathPattern: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    private let names: [[CChar]]

    public init(_ text: String) {
        description = text
        names = text.utf8.split(separator: UInt8(ascii: "/")).map { $0.map(CChar.init(bitPattern:)) }
    }

    /// Whether the path or one of its ancestors matches.
    public func matches(_ path: TreePath) -> Bool {
        let parts = path.bytes.split(separator: UInt8(ascii: "/"))
        return Self.match(names[...], parts[...])
    }

    private static func match(_ pattern: ArraySlice<[CChar]>, _ path: ArraySlice<ArraySlice<UInt8>>) -> Bool {
        guard let first = pattern.first else { return true }
        let rest = pattern.dropFirst()
        if first == [0x2A, 0x2A] {
            return path.indices.contains { match(rest, path[$0...]) } || (rest.isEmpty && !path.isEmpty)
        }
        guard let name = path.first, fnmatch(first + [0], name.map(CChar.init(bitPattern:)) + [0], FNM_NOESCAPE) == 0
        else { return false }
        return match(rest, path.dropFirst())
    }
}
