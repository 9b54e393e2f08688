internal import Archive

extension FileTree {
    /// Unpacks another tree over this one, as the kernel unpacks one archive of an initrd after another: later names
    /// replace earlier ones, directories stay and take the later owner and mode.
    mutating func unpack(_ other: FileTree, under destination: TreePath) {
        for parent in destination.parents + (other[.root] == nil && !destination.isRoot ? [destination] : [])
        where self[parent] == nil {
            set(parent, Node(.directory, mode: 0o755))
        }
        var first: [Int: TreePath] = [:]
        for path in other.paths {
            guard let node = other[path], let identity = other.identity(of: path) else { continue }
            let target = destination.appending(path)
            if let known = first[identity], link(target, to: known) { continue }
            first[identity] = target
            set(target, node)
        }
    }
}
