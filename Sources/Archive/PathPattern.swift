/// A pattern for paths of a file tree: `*`, `?` and `[a-z]` stay inside one name, `**` is any number of names. A
/// pattern that matches a folder matches everything in it. A leading slash is ignored. A bracket that is not closed is
/// itself.
public struct PathPattern: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    private let names: [[UInt8]]

    public init(_ text: String) {
        description = text
        names = text.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
    }

    /// Whether the path or one of its ancestors matches.
    public func matches(_ path: TreePath) -> Bool {
        let parts = path.bytes.split(separator: UInt8(ascii: "/"))
        return Self.match(names[...], parts[...])
    }

    private static func match(_ pattern: ArraySlice<[UInt8]>, _ path: ArraySlice<ArraySlice<UInt8>>) -> Bool {
        guard let first = pattern.first else { return true }
        let rest = pattern.dropFirst()
        if first.elementsEqual("**".utf8) {
            return path.indices.contains { match(rest, path[$0...]) } || (rest.isEmpty && !path.isEmpty)
        }
        guard let name = path.first, matchName(first[...], name) else { return false }
        return match(rest, path.dropFirst())
    }

    /// Linear in the length of the name for each star, by going back to the last star only.
    private static func matchName(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        var p = pattern.startIndex
        var n = name.startIndex
        var star: (pattern: Int, name: Int)?
        while n < name.endIndex {
            if p < pattern.endIndex, pattern[p] == UInt8(ascii: "*") {
                star = (p + 1, n)
                p += 1
            } else if p < pattern.endIndex, let next = matchByte(pattern[p...], name[n]) {
                p = next
                n += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                p = last.pattern
                n = last.name + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// - Returns: where the pattern goes on if its first element matches the byte: `?`, a byte, or a list in brackets of
    ///   bytes and ranges, which `!` or `^` at its beginning negates.
    private static func matchByte(_ pattern: ArraySlice<UInt8>, _ byte: UInt8) -> Int? {
        let start = pattern.startIndex
        guard pattern[start] == UInt8(ascii: "["),
            // A closing bracket at the beginning is one of the list.
            case let first = pattern.index(after: start), first < pattern.endIndex,
            case let isNegated = pattern[first] == UInt8(ascii: "!") || pattern[first] == UInt8(ascii: "^"),
            case var at = isNegated ? first + 1 : first, at + 1 < pattern.endIndex,
            let end = pattern[(at + 1)...].firstIndex(of: UInt8(ascii: "]"))
        else { return pattern[start] == UInt8(ascii: "?") || pattern[start] == byte ? start + 1 : nil }
        var isListed = false
        while at < end {
            if at + 2 < end, pattern[at + 1] == UInt8(ascii: "-") {
                isListed = isListed || (pattern[at] <= byte && byte <= pattern[at + 2])
                at += 3
            } else {
                isListed = isListed || pattern[at] == byte
                at += 1
            }
        }
        return isListed != isNegated ? end + 1 : nil
    }
}
