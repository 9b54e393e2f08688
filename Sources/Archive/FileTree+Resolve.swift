internal import Extents

extension FileTree {
    /// Where a path leads when the symlinks on it are followed without leaving the tree, as chroot(2) would. What is
    /// missing is taken as it is named.
    ///
    /// Names are looked up whole, from the longest: in a tree what has a name below it is a directory, and its
    /// directories have names too, so that a handful of lookups finds how far a path goes. Looking up each directory on
    /// the way would take a deep path's length three times over.
    /// - Parameter budget: how many more bytes of names may be looked at; symlinks that lead to and fro can ask for any
    ///   number.
    func resolve(_ path: some Collection<UInt8>, budget: inout Int) throws(PathObstacle) -> TreePath {
        // The components still to go, the next one last.
        var rest: [ArraySlice<UInt8>] = Array(path).split(separator: TreePath.separator).reversed()
        var found = TreePath.root
        var followed = 0
        while !rest.isEmpty {
            if Self.isParent(rest[rest.count - 1]) {
                rest.removeLast()
                found = found.parent
                continue
            }
            var way = Way(from: found)
            while let next = rest.last, !Self.isParent(next) {
                rest.removeLast()
                if next != [UInt8(ascii: ".")] { way.append(next) }
            }
            guard let obstacle = way.longest(in: self, budget: &budget), let shape = shape(of: obstacle.path),
                shape != .directory
            else {
                guard budget > 0 else { throw .tooManyLinks(found) }
                found = way.whole
                continue
            }
            guard case .symlink(let target)? = self[obstacle.path]?.kind else {
                throw .notDirectory(obstacle.path, shape)
            }
            followed += 1
            if followed > 255 || budget <= 0 { throw .tooManyLinks(obstacle.path) }
            rest.append(contentsOf: way.components[obstacle.count...].reversed())
            found = target.first == TreePath.separator ? .root : obstacle.path.parent
            rest.append(contentsOf: target.split(separator: TreePath.separator).reversed())
        }
        return found
    }

    /// Where a path leads, symlinks followed inside the tree, the last component's too.
    /// - Returns: nil when it leads through something that is not a directory, or in circles. What it names need not be
    ///   there.
    public func resolve(_ path: TreePath) -> TreePath? {
        var budget = 1 << 26
        return try? resolve(path.bytes, budget: &budget)
    }

    private static func isParent(_ component: ArraySlice<UInt8>) -> Bool { component.elementsEqual("..".utf8) }
}

/// Components below a directory, none of them `.` or `..`.
private struct Way {
    private(set) var components: [ArraySlice<UInt8>] = []
    private var bytes: [UInt8]
    /// Where each component ends in `bytes`.
    private var ends: [Int] = []

    init(from directory: TreePath) { bytes = directory.bytes }

    mutating func append(_ component: ArraySlice<UInt8>) {
        if !bytes.isEmpty { bytes.append(TreePath.separator) }
        bytes.append(contentsOf: component)
        components.append(component)
        ends.append(bytes.count)
    }

    var whole: TreePath { TreePath(unchecked: bytes) }

    /// The longest part of the way that a tree has a name for, and its number of components; nil when not even the
    /// first one.
    func longest(in tree: FileTree, budget: inout Int) -> (path: TreePath, count: Int)? {
        var longest: (path: TreePath, count: Int)?
        // Most often all of it, so that is tried first.
        var (low, high, middle) = (0, ends.count, ends.count)
        while low < high {
            let part = TreePath(unchecked: Array(bytes[..<ends[middle - 1]]))
            budget -= part.bytes.count
            if tree.shape(of: part) != nil {
                longest = (part, middle)
                low = middle
            } else {
                high = middle - 1
            }
            middle = (low + high + 1) / 2
        }
        return longest
    }
}

/// Where a path ends before its last component.
enum PathObstacle: Error {
    case notDirectory(TreePath, FileTree.Shape)
    case tooManyLinks(TreePath)

    var description: String {
        switch self {
        case .notDirectory(let path, let shape):
            "'\(PlainText.short(path.description))' is \(shape.description), not a directory"
        case .tooManyLinks(let path):
            "too many symlinks on the way to its directory, the last is '\(PlainText.short(path.description))'"
        }
    }
}
