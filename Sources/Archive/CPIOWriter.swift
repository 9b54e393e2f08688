internal import Extents
internal import Glibc

/// Writes the entries of one archive.
struct CPIOWriter {
    /// The kernel's PATH_MAX, with the NUL.
    private static let pathLimit = 4096
    private static let trailer = Array("TRAILER!!!".utf8)

    private let tree: FileTree
    private var inode: UInt32 = 0
    /// How many names of a hard-linked node are still to come, how many it has, and its inode.
    private var links: [Int: (left: UInt32, all: UInt32, inode: UInt32)] = [:]
    private var scratch = ScratchBox()
    private var header: [UInt8] = []

    init(_ tree: FileTree) {
        self.tree = tree
        var counts = [UInt32](repeating: 0, count: tree.identityLimit)
        tree.forEachIdentity { counts[$0] += 1 }
        for (identity, count) in counts.enumerated() where count > 1 { links[identity] = (count, count, 0) }
    }

    mutating func writeParents(of prefix: TreePath, to sink: inout some ByteSink) throws {
        // The prefix itself is the tree's root, when the tree has one.
        let needsPrefix = !prefix.isRoot && tree.shape(of: .root) == nil
        for path in prefix.parents + (needsPrefix ? [prefix] : []) {
            try write(FileTree.Node(.directory, mode: 0o755), path, nil, to: &sink)
        }
    }

    mutating func write(_ path: TreePath, as name: TreePath, to sink: inout some ByteSink) throws {
        guard let node = tree[path] else { return }
        try write(node, name, tree.identity(of: path), to: &sink)
    }

    private mutating func write(_ node: FileTree.Node, _ name: TreePath, _ identity: Int?, to sink: inout some ByteSink)
        throws
    {
        var entry = Entry(node)
        try check(name, entry)
        switch node.kind {
        // The kernel and cpio link neither directories nor symlinks: each name is a node of its own.
        case .directory, .symlink: entry.inode = nextInode()
        default: number(&entry, identity)
        }
        fill(entry, name.isRoot ? Array(".".utf8) : name.bytes)
        try sink.write(header)
        try writeContents(node, entry, to: &sink)
    }

    private mutating func writeContents(_ node: FileTree.Node, _ entry: Entry, to sink: inout some ByteSink) throws {
        guard entry.length > 0 else { return }
        switch node.kind {
        case .regular(let contents): try ExtentReader.read(contents, with: &scratch.scratch) { try sink.write($0) }
        case .symlink(let target): try sink.write(target)
        default: return
        }
        let rest = Int(entry.length % 4)
        if rest > 0 { try sink.write([UInt8](repeating: 0, count: 4 - rest)) }
    }

    mutating func writeTrailer(to sink: inout some ByteSink) throws {
        fill(Entry.trailer, Self.trailer)
        try sink.write(header)
    }

    private mutating func nextInode() -> UInt32 {
        inode += 1
        return inode
    }

    /// The last name of a node carries the contents, as GNU cpio does it.
    private mutating func number(_ entry: inout Entry, _ identity: Int?) {
        guard let identity, var link = links[identity] else {
            entry.inode = nextInode()
            return
        }
        if link.inode == 0 { link.inode = nextInode() }
        link.left -= 1
        (entry.inode, entry.links) = (link.inode, link.all)
        if link.left > 0 { entry.length = 0 }
        links[identity] = link
    }

    /// Refuses names that the kernel would drop silently or newc cannot represent.
    private func check(_ name: TreePath, _ entry: Entry) throws {
        guard entry.fullLength <= UInt64(UInt32.max) else {
            throw CPIOError(
                name, "\(entry.fullLength) bytes, an initramfs file has at most \(UInt32.max) bytes",
                hint: "put it on a disk, or split it")
        }
        guard name.bytes.count < Self.pathLimit else {
            throw CPIOError(
                name, "the name is \(name.bytes.count) bytes long; the kernel's limit is \(Self.pathLimit - 1)")
        }
        guard name.name.count <= 255 else {
            throw CPIOError(name, "a component is \(name.name.count) bytes long; the kernel's limit is 255")
        }
        guard name.bytes != Self.trailer else {
            throw CPIOError(name, "the name marks the end of an initramfs archive", hint: "rename it")
        }
        guard entry.mode & UInt32(Glibc.S_IFMT) != UInt32(Glibc.S_IFLNK) || entry.length < Self.pathLimit else {
            throw CPIOError(
                name, "the link's target is \(entry.length) bytes long; the kernel's limit is \(Self.pathLimit - 1)")
        }
    }

    private mutating func fill(_ entry: Entry, _ name: [UInt8]) {
        header.removeAll(keepingCapacity: true)
        header.append(contentsOf: "070701".utf8)
        for value in entry.fields(nameLength: UInt32(name.count + 1)) { hexadecimal(value) }
        header.append(contentsOf: name)
        header.append(0)
        while header.count % 4 > 0 { header.append(0) }
    }

    private mutating func hexadecimal(_ value: UInt32) {
        for shift in stride(from: UInt32(28), through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: value >> shift & 15)
            header.append(digit < 10 ? 48 + digit : 55 + digit)
        }
    }
}

/// The numbers of a header.
private struct Entry {
    var inode: UInt32 = 0
    var mode: UInt32 = 0
    var uid: UInt32 = 0
    var gid: UInt32 = 0
    var links: UInt32 = 1
    var modified: UInt32 = 0
    var length: UInt32 = 0
    var fullLength: UInt64 = 0
    var device: (major: UInt32, minor: UInt32) = (0, 0)

    static let trailer = Entry()

    private init() {}

    init(_ node: FileTree.Node) {
        (uid, gid) = (node.uid, node.gid)
        modified = UInt32(clamping: node.modified)
        let type: mode_t
        switch node.kind {
        case .directory: (type, links) = (Glibc.S_IFDIR, 2)
        case .regular(let contents): (type, fullLength) = (Glibc.S_IFREG, contents.length)
        case .symlink(let target): (type, fullLength) = (Glibc.S_IFLNK, UInt64(target.count))
        case .characterDevice(let major, let minor): (type, device) = (Glibc.S_IFCHR, (major, minor))
        case .blockDevice(let major, let minor): (type, device) = (Glibc.S_IFBLK, (major, minor))
        case .fifo: type = Glibc.S_IFIFO
        }
        mode = UInt32(type) | UInt32(node.mode & 0o7777)
        length = UInt32(clamping: fullLength)
    }

    func fields(nameLength: UInt32) -> [UInt32] {
        [inode, mode, uid, gid, links, modified, length, 0, 0, device.major, device.minor, nameLength, 0]
    }
}

/// A buffer that is copied by reference.
private final class ScratchBox {
    var scratch = Scratch()
}
