internal import Archive
internal import Extents

extension Volume {
    /// About how many bytes of memory a name takes.
    static func cost(_ path: TreePath) -> Int { 192 + path.bytes.count }
}

extension Volume.File {
    /// - Parameters:
    ///   - size: of a regular file in bytes.
    ///   - contents: of a regular file.
    init(_ path: TreePath, _ node: FileTree.Node, size: UInt64, contents: Volume.Contents) {
        func make(_ kind: Kind, target: [UInt8] = []) -> Volume.File {
            let isRegular = kind == .regular
            return Volume.File(
                path, kind, size: isRegular ? size : 0, mode: node.mode, uid: node.uid, gid: node.gid, target: target,
                contents: isRegular ? contents : .none)
        }
        switch node.kind {
        case .regular: self = make(.regular)
        case .directory: self = make(.directory)
        case .symlink(let target): self = make(.symlink, target: target)
        case .characterDevice: self = make(.characterDevice)
        case .blockDevice: self = make(.blockDevice)
        case .fifo: self = make(.other)
        }
    }
}
