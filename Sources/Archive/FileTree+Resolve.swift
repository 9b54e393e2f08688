internal import Extents

/// Names, some of them symlinks, among which paths are followed.
public protocol LinkedNames {
    /// What has a name; nil when nothing has.
    func entry(at path: TreePath) -> LinkedEntry?
    /// Whether the directories of all names have names of their own.
    var hasAllDirectories: Bool { get }
}

/// The kind of a name, as far as following a path needs it.
public enum LinkedEntry: Sendable {
    case directory
    /// With its target.
    case symlink([UInt8])
    /// Nothing is below it; what it is, for errors, e.g. `a regular file`.
    case other(String)
}

extension LinkedNames {
    /// Where a path leads, symlinks followed without leaving the names, the last component's too; `..` of the root is
    /// the root.
    /// - Returns: nil when it leads through something that is not a directory, or through more than 40 symlinks. What
    ///   it names need not exist.
    public func resolve(_ path: some Collection<UInt8>) -> TreePath? {
        var budget = 1 << 26
        return try? resolve(path, toDirectory: false, budget: &budget)
    }

    /// The same for a path without `..`.
    public func resolve(_ path: TreePath) -> TreePath? { resolve(path.bytes) }

    /// As ``resolve(_:)``, but a symlink at the end is not followed.
    public func resolvingParents(_ path: TreePath) -> TreePath? {
        path.isRoot ? .root : resolve(path.parentBytes)?.child(path.name)
    }

    /// Where a path leads when the symlinks on it are followed without leaving the tree, as chroot(2) would. What is
    /// missing is taken as it is named.
    ///
    /// Where directories have names, a path is looked up whole, then in halves: a handful of lookups finds how far it
    /// goes. Looking up each directory on the way would take a deep path's length three times over.
    /// - Parameters:
    ///   - toDirectory: whether something else at the end is an obstacle.
    ///   - budget: how many more bytes of names may be looked at; symlinks that lead to and fro can ask for any
    ///   number.
    func resolve(_ path: some Collection<UInt8>, toDirectory: Bool = true, budget: inout Int) throws(PathObstacle)
        -> TreePath
    {
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
            let obstacle = way.longest(in: self, budget: &budget)
            let target: [UInt8]
            switch obstacle.flatMap({ entry(at: $0.path) }) {
            case .symlink(let link)?: target = link
            case .other(let kind)? where toDirectory || !rest.isEmpty || obstacle?.count != way.components.count:
                throw .notDirectory(obstacle?.path ?? found, kind)
            default:
                guard budget > 0 else { throw .tooManyLinks(found) }
                found = way.whole
                continue
            }
            guard let obstacle else { continue }
            followed += 1
            if followed > linkLimit || budget <= 0 { throw .tooManyLinks(obstacle.path) }
            rest.append(contentsOf: way.components[obstacle.count...].reversed())
            found = target.first == TreePath.separator ? .root : obstacle.path.parent
            rest.append(contentsOf: target.split(separator: TreePath.separator).reversed())
        }
        return found
    }

    private static func isParent(_ component: ArraySlice<UInt8>) -> Bool { component.elementsEqual("..".utf8) }
}

/// As many symlinks as Linux follows in one path (MAXSYMLINKS, include/linux/namei.h).
private let linkLimit = 40

extension FileTree: LinkedNames {
    public var hasAllDirectories: Bool { true }

    public func entry(at path: TreePath) -> LinkedEntry? {
        guard let shape = shape(of: path) else { return nil }
        switch shape {
        case .directory: return .directory
        case .symlink:
            guard case .symlink(let target)? = self[path]?.kind else { return nil }
            return .symlink(target)
        default: return .other(shape.description)
        }
    }
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
    func longest(in names: some LinkedNames, budget: inout Int) -> (path: TreePath, count: Int)? {
        guard names.hasAllDirectories else { return firstObstacle(in: names, budget: &budget) }
        var longest: (path: TreePath, count: Int)?
        // Most often all of it, so that is tried first.
        var (low, high, middle) = (0, ends.count, ends.count)
        while low < high {
            let part = TreePath(unchecked: Array(bytes[..<ends[middle - 1]]))
            budget -= part.bytes.count
            if names.entry(at: part) != nil {
                longest = (part, middle)
                low = middle
            } else {
                high = middle - 1
            }
            middle = (low + high + 1) / 2
        }
        return longest
    }

    /// The first component that is not a directory.
    private func firstObstacle(in names: some LinkedNames, budget: inout Int) -> (path: TreePath, count: Int)? {
        for (number, end) in ends.enumerated() {
            let part = TreePath(unchecked: Array(bytes[..<end]))
            budget -= part.bytes.count
            switch names.entry(at: part) {
            case nil, .directory?: continue
            default: return (part, number + 1)
            }
        }
        return nil
    }
}

/// Where a path ends before its last component.
enum PathObstacle: Error {
    /// With what it is instead.
    case notDirectory(TreePath, String)
    case tooManyLinks(TreePath)

    var description: String {
        switch self {
        case .notDirectory(let path, let kind):
            "'\(PlainText.short(path.description))' is \(kind), not a directory"
        case .tooManyLinks(let path):
            "too many symlinks in the path of its directory, the last one '\(PlainText.short(path.description))'"
        }
    }
}
