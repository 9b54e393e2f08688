extension FileTree {
    /// Where a path leads when the symlinks on it are followed without leaving the tree, as chroot(2) would. What is missing is taken as it is
    /// named.
    func resolve(_ path: some Collection<UInt8>) throws(PathObstacle) -> TreePath {
        // The components still to go, the next one last.
        var rest: [ArraySlice<UInt8>] = Array(path).split(separator: TreePath.separator).reversed()
        var found = TreePath.root
        var followed = 0
        while let component = rest.popLast() {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                found = found.parent
                continue
            }
            let next = found.child(component)
            guard let shape = shape(of: next), shape != .directory else {
                found = next
                continue
            }
            guard case .symlink(let target)? = self[next]?.kind else {
                throw .notDirectory(next, shape)
            }
            followed += 1
            if followed > 255 { throw .tooManyLinks(next) }
            if target.first == TreePath.separator { found = .root }
            rest.append(contentsOf: target.split(separator: TreePath.separator).reversed())
        }
        return found
    }

    /// Where a path leads, symlinks followed inside the tree, the last component's too.
    /// - Returns: nil when it leads through something that is not a directory, or in circles. What it names need not be there.
    public func resolve(_ path: TreePath) -> TreePath? {
        try? resolve(path.bytes)
    }
}

/// Where a path ends before its last component.
enum PathObstacle: Error {
    case notDirectory(TreePath, FileTree.Shape)
    case tooManyLinks(TreePath)

    var description: String {
        switch self {
        case .notDirectory(let path, let shape): "'\(path)' is \(shape.description), not a directory"
        case .tooManyLinks(let path): "too many symlinks on the way to its directory, the last is '\(path)'"
        }
    }
}
