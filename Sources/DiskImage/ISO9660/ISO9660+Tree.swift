public import Archive
internal import Extents

extension ISO9660 {
    /// Of a name that Linux reads whole, in bytes: fs/isofs/rock.c takes less than 254.
    static let linuxNameLimit = 253
    /// Of a symbolic link's target, in bytes: a page of fs/isofs/rock.c less a NUL.
    static let linuxTargetLimit = 4095
    /// Extents of a file that fs/isofs/inode.c follows.
    static let linuxExtentLimit: UInt64 = 100

    /// The names of a tree in their order, for a root that Linux mounts. Names of one node are hard links of one file; extended attributes
    /// are left out, for which there is no place.
    /// - Throws: `DiskImageError` naming the path for what Linux would not read as it is.
    public static func entries(of tree: FileTree) throws -> [Entry] {
        try tree.paths.compactMap { path in
            guard let node = tree[path], let identity = tree.identity(of: path) else { return nil }
            guard path.name.count <= linuxNameLimit else {
                throw DiskImageError("'/\(path)': a name of \(path.name.count) bytes, Linux reads \(linuxNameLimit) from ISO 9660")
            }
            let kind = try kind(of: node, path)
            return Entry(
                path: path.bytes, kind, mode: node.mode, uid: node.uid, gid: node.gid, modified: node.modified,
                identity: kind.isDirectory ? nil : identity)
        }
    }

    private static func kind(of node: FileTree.Node, _ path: TreePath) throws -> Entry.Kind {
        switch node.kind {
        case .directory: return .directory
        case .regular(let contents):
            guard contents.length <= linuxExtentLimit * extentLimit else {
                throw DiskImageError("'/\(path)': \(contents.length) bytes, Linux reads \(linuxExtentLimit * extentLimit) from ISO 9660")
            }
            return .file(contents)
        case .symlink(let target):
            guard target.count <= linuxTargetLimit else {
                throw DiskImageError("'/\(path)': a link's target of \(target.count) bytes, Linux reads \(linuxTargetLimit) from ISO 9660")
            }
            return .symlink(target)
        case .characterDevice(let major, let minor):
            try check(major, minor, path)
            return .characterDevice(major: major, minor: minor)
        case .blockDevice(let major, let minor):
            try check(major, minor, path)
            return .blockDevice(major: major, minor: minor)
        case .fifo: return .fifo
        }
    }

    private static func check(_ major: UInt32, _ minor: UInt32, _ path: TreePath) throws {
        guard major == 0, minor > 255 else { return }
        throw DiskImageError("'/\(path)': device 0:\(minor), which Linux reads as \(minor >> 8):\(minor & 0xFF) from ISO 9660")
    }
}

extension ISO9660.Entry.Kind {
    fileprivate var isDirectory: Bool {
        if case .directory = self { return true }
        return false
    }
}
