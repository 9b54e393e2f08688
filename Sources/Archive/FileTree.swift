public import Extents

/// A file system tree: names that point at nodes. Several names of one node are hard links.
public struct FileTree: Sendable {
    /// Which node and which name; names stay the same while others come and go.
    private var names: [TreePath: UInt32] = [:]
    private var nodeOfName: [UInt32] = []
    private var nodes = NodeTable()

    public init() {}

    public var isEmpty: Bool { names.isEmpty }
    public var count: Int { names.count }

    public subscript(path: TreePath) -> Node? { names[path].map { nodes[nodeOfName[Int($0)]] } }

    /// Which node a name points at; equal identities are hard links of one file.
    public func identity(of path: TreePath) -> Int? { names[path].map { Int(nodeOfName[Int($0)]) } }

    /// One more than the greatest identity.
    var identityLimit: Int { nodes.count }

    /// Calls `body` once for every name, in no order.
    func forEachIdentity(_ body: (Int) -> Void) {
        for name in names.values { body(Int(nodeOfName[Int(name)])) }
    }

    /// The identities that more than one name points at.
    var linkedIdentities: Set<Int> {
        var counts = [UInt8](repeating: 0, count: identityLimit)
        forEachIdentity { counts[$0] = min(counts[$0] + 1, 2) }
        return Set(counts.indices.filter { counts[$0] == 2 })
    }

    /// Sets or replaces the node at a path. Parents are not created.
    public mutating func set(_ path: TreePath, _ node: Node) {
        point(path, at: nodes.append(node))
    }

    /// Makes `path` another name of the node at `target`; false when `target` is not there.
    public mutating func link(_ path: TreePath, to target: TreePath) -> Bool {
        guard let name = names[target] else { return false }
        point(path, at: nodeOfName[Int(name)])
        return true
    }

    /// Changes the node at a path, under all its names.
    public mutating func update(_ path: TreePath, _ change: (inout Node) -> Void) {
        guard let name = names[path] else { return }
        let index = nodeOfName[Int(name)]
        var node = nodes[index]
        change(&node)
        nodes[index] = node
    }

    /// Removes one name; names below it stay.
    public mutating func remove(_ path: TreePath) { names[path] = nil }

    /// Every name in order: parents before children.
    public var paths: [TreePath] { names.keys.sorted() }

    /// The kind of node at a path, without its contents.
    func shape(of path: TreePath) -> Shape? { names[path].map { nodes.shape(nodeOfName[Int($0)]) } }

    /// A number for the name, below ``nameLimit``, that stays until the name is removed.
    func number(of path: TreePath) -> Int? { names[path].map(Int.init) }

    var nameLimit: Int { nodeOfName.count }

    private mutating func point(_ path: TreePath, at node: UInt32) {
        if let name = names[path] {
            nodeOfName[Int(name)] = node
        } else {
            names[path] = UInt32(nodeOfName.count)
            nodeOfName.append(node)
        }
    }
}

extension FileTree {
    /// Adds the names of another tree, each at the path that `target` returns; hard links stay. Names that exist are
    /// replaced, and parents are not made.
    /// - Parameter target: the new path; nil leaves the name out.
    public mutating func graft(_ other: FileTree, _ target: (TreePath) throws -> TreePath?) rethrows {
        var first: [Int: TreePath] = [:]
        for path in other.paths {
            guard let identity = other.identity(of: path), let target = try target(path) else { continue }
            if let known = first[identity], link(target, to: known) { continue }
            first[identity] = target
            if let node = other[path] { set(target, node) }
        }
    }

    /// Makes a directory and those above it, where they are missing.
    /// - Returns: those that were missing, the uppermost first.
    @discardableResult
    public mutating func makeDirectories(_ path: TreePath, modified: Int64 = 0) -> [TreePath] {
        guard !path.isRoot, shape(of: path) == nil else { return [] }
        let above = makeDirectories(path.parent, modified: modified)
        set(path, Node(.directory, mode: 0o755, modified: modified))
        return above + [path]
    }

    /// The same tree with every name moved by `move`.
    public func renamed(_ move: (TreePath) -> TreePath) -> FileTree {
        var tree = FileTree()
        tree.graft(self, move)
        return tree
    }

    /// Adds missing parent directories: the kernel drops a file without a parent in
    /// silence.
    public mutating func addMissingParents() {
        for path in paths { makeDirectories(path.parent) }
    }

    public func isDirectory(_ path: TreePath) -> Bool { shape(of: path) == .directory }
}

extension FileTree {
    /// The kind of a node, with its contents.
    public enum Kind: Sendable {
        case directory
        case regular(ExtentList)
        case symlink([UInt8])
        case characterDevice(major: UInt32, minor: UInt32)
        case blockDevice(major: UInt32, minor: UInt32)
        case fifo
    }

    /// A file, folder, link or device with its metadata, apart from its names.
    public struct Node: Sendable {
        public var kind: Kind
        /// Permission bits with set-user-ID, set-group-ID and sticky: twelve bits.
        public var mode: UInt16
        public var uid: UInt32
        public var gid: UInt32
        /// Seconds since 1970.
        public var modified: Int64
        /// Extended attributes in name order.
        public var attributes: [Attribute]

        public init(
            _ kind: Kind, mode: UInt16, uid: UInt32 = 0, gid: UInt32 = 0, modified: Int64 = 0,
            attributes: [Attribute] = []
        ) {
            self.kind = kind
            self.mode = mode
            self.uid = uid
            self.gid = gid
            self.modified = modified
            self.attributes = attributes
        }
    }

    /// An extended attribute (xattr(7)).
    public struct Attribute: Sendable, Equatable {
        public var name: String
        public var value: [UInt8]

        public init(name: String, value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// A ``Kind`` alone.
    enum Shape: UInt8 {
        case directory, file, sparse, symlink, characterDevice, blockDevice, fifo

        var isDirectory: Bool { self == .directory }

        var description: String {
            switch self {
            case .directory: "a directory"
            case .file, .sparse: "a regular file"
            case .symlink: "a symlink"
            case .characterDevice, .blockDevice: "a device"
            case .fifo: "a fifo"
            }
        }
    }
}
