/// A path inside a file tree: raw bytes, relative, without `.`, `..`, empty components or a trailing slash. The root is
/// empty.
public struct TreePath: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let bytes: [UInt8]

    /// Parses a name of an archive. A leading `/` or `./` is dropped.
    /// - Returns: nil when the name has a `..` component or a NUL byte.
    public init?(_ name: some Sequence<UInt8>) {
        let whole = Array(name)
        var parts: [UInt8] = []
        parts.reserveCapacity(whole.count)
        for part in whole.split(separator: Self.separator) where !part.elementsEqual(".".utf8) {
            if part.elementsEqual("..".utf8) || part.contains(0) { return nil }
            if !parts.isEmpty { parts.append(Self.separator) }
            parts.append(contentsOf: part)
        }
        bytes = parts
    }

    /// A path written in the program text.
    public init(_ name: StaticString) {
        guard let path = TreePath(Array(name.description.utf8)) else { preconditionFailure("not a tree path: \(name)") }
        self = path
    }

    init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    public static let root = TreePath(unchecked: [])

    public var isRoot: Bool { bytes.isEmpty }

    /// The directory that holds the name; of the root, the root.
    public var parent: TreePath {
        guard let slash = bytes.lastIndex(of: Self.separator) else { return .root }
        return TreePath(unchecked: Array(bytes[..<slash]))
    }

    /// The bytes of ``parent``, without a copy.
    var parentBytes: ArraySlice<UInt8> { bytes[..<(bytes.lastIndex(of: Self.separator) ?? 0)] }

    /// Its ancestors from the top, without the root.
    public var parents: [TreePath] {
        var parents: [TreePath] = []
        var above = parent
        while !above.isRoot {
            parents.append(above)
            above = above.parent
        }
        return parents.reversed()
    }

    /// Where a symlink of this name leads, by its target alone.
    public func following(_ target: [UInt8]) -> TreePath {
        var parts = target.first == Self.separator ? [] : parent.bytes.split(separator: Self.separator)
        for part in target.split(separator: Self.separator) where !part.elementsEqual(".".utf8) {
            if part.elementsEqual("..".utf8) { parts = parts.dropLast() } else { parts.append(part) }
        }
        return TreePath(unchecked: Array(parts.joined(separator: [Self.separator])))
    }

    /// The last component.
    public var name: ArraySlice<UInt8> {
        bytes[(bytes.lastIndex(of: Self.separator).map { $0 + 1 } ?? 0)...]
    }

    /// The path of something below this one.
    public func appending(_ other: TreePath) -> TreePath {
        if isRoot { return other }
        if other.isRoot { return self }
        return TreePath(unchecked: bytes + [Self.separator] + other.bytes)
    }

    /// The path of a name in this directory.
    /// - Parameter component: not empty, not `.` or `..`, without `/` or NUL.
    func child(_ component: some Collection<UInt8>) -> TreePath {
        var child: [UInt8] = []
        child.reserveCapacity(bytes.count + 1 + component.count)
        child.append(contentsOf: bytes)
        if !isRoot { child.append(Self.separator) }
        child.append(contentsOf: component)
        return TreePath(unchecked: child)
    }

    /// Whether this is `other` or below it.
    public func isInside(_ other: TreePath) -> Bool {
        if other.isRoot { return true }
        guard bytes.count >= other.bytes.count, bytes.starts(with: other.bytes) else { return false }
        return bytes.count == other.bytes.count || bytes[other.bytes.count] == Self.separator
    }

    /// All bytes at once: the synthesized function takes them one by one and is ten times slower.
    public func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }

    public var description: String { String(decoding: bytes, as: UTF8.self) }

    /// Byte order with `/` first, so that a directory comes right before its contents.
    public static func < (a: TreePath, b: TreePath) -> Bool {
        a.bytes.withUnsafeBufferPointer { a in
            b.bytes.withUnsafeBufferPointer { b in
                let shared = min(a.count, b.count)
                var index = 0
                while index < shared, a[index] == b[index] { index += 1 }
                if index == shared { return a.count < b.count }
                if a[index] == separator || b[index] == separator { return a[index] == separator }
                return a[index] < b[index]
            }
        }
    }

    static let separator = UInt8(ascii: "/")
}
