public import Archive

/// What a segment puts at the root of the guest: enough to see whether two segments can be unpacked one over the other.
public struct RootListing: Sendable {
    public enum Kind: UInt8, Sendable {
        case directory = 0x64  // d
        case regular = 0x66  // f
        case symlink = 0x6C  // l
        case other = 0x6F  // o

        /// In a sentence.
        var phrase: String {
            switch self {
            case .directory: "a directory"
            case .regular: "a file"
            case .symlink: "a symbolic link"
            case .other: "a device or pipe"
            }
        }
    }

    public struct Entry: Sendable, Equatable {
        public let path: TreePath
        public let kind: Kind
        /// Names of one file share a number; 0 is a file with one name.
        public internal(set) var group = 0
        /// Target of a symbolic link.
        public internal(set) var target: [UInt8] = []
        /// Whether a file has an execute bit.
        public internal(set) var isExecutable = false
    }

    public private(set) var entries: [Entry] = []

    public init() {}

    /// The names of a tree that is unpacked at the root.
    public init(_ tree: FileTree) { self.init(tree, tree.paths) }

    /// - Parameter paths: all of the tree's; sorting is not done twice.
    init(_ tree: FileTree, _ paths: [TreePath]) {
        var uses: [Int: Int] = [:]
        for path in paths { if let identity = tree.identity(of: path) { uses[identity, default: 0] += 1 } }
        for path in paths {
            guard let node = tree[path], let identity = tree.identity(of: path) else { continue }
            let group = uses[identity, default: 1] > 1 ? identity + 1 : 0
            switch node.kind {
            case .directory: entries.append(Entry(path: path, kind: .directory))
            case .regular:
                entries.append(Entry(path: path, kind: .regular, group: group, isExecutable: node.mode & 0o111 != 0))
            case .symlink(let target): entries.append(Entry(path: path, kind: .symlink, target: target))
            case .characterDevice, .blockDevice, .fifo: entries.append(Entry(path: path, kind: .other))
            }
        }
    }

    /// One NUL-ended field after another: kind, executability and group; path; link target. NUL is the one byte no name
    /// has.
    var text: [UInt8] {
        var text: [UInt8] = []
        for entry in entries {
            text.append(entry.kind.rawValue)
            text.append(entry.isExecutable ? UInt8(ascii: "x") : UInt8(ascii: "-"))
            text.append(contentsOf: String(entry.group).utf8)
            text.append(0)
            text.append(contentsOf: entry.path.bytes)
            text.append(0)
            text.append(contentsOf: entry.target)
            text.append(0)
        }
        return text
    }

    /// Reads what ``text`` wrote; nil for anything else.
    init?(text: [UInt8]) {
        guard text.isEmpty || text.last == 0 else { return nil }
        var fields = text.split(separator: 0, omittingEmptySubsequences: false)[...]
        fields.removeLast()
        while let head = fields.popFirst() {
            guard let path = fields.popFirst().flatMap({ TreePath($0) }), let target = fields.popFirst(),
                let kind = head.first.flatMap(Kind.init),
                let group = Int(String(decoding: head.dropFirst(2), as: UTF8.self))
            else { return nil }
            entries.append(
                Entry(
                    path: path, kind: kind, group: group, target: Array(target),
                    isExecutable: head.dropFirst().first == UInt8(ascii: "x")))
        }
    }
}
