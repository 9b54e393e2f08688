internal import Archive
internal import Extents

/// The file tree of several Debian packages together, in the merged layout.
struct PackageTree {
    private(set) var tree = FileTree()
    private var owners: [TreePath: String] = [:]

    init() {}

    /// - Parameter packages: name and uncompressed contents of each.
    init(_ packages: [(name: String, contents: ExtentList)]) throws {
        for package in packages { try add(FileTree.tar(package.contents), of: package.name) }
    }

    /// The packages that own files of a part of this tree.
    func owners(of paths: some Sequence<TreePath>) -> Set<String> {
        Set(paths.lazy.filter { !tree.isDirectory($0) }.compactMap { owners[$0] })
    }

    /// Adds what a package holds.
    /// - Throws: `PackageConflict` when another package has a different thing under the same name.
    mutating func add(_ contents: FileTree, of package: String) throws {
        var moved: [Int: TreePath] = [:]
        for path in contents.paths where !path.isRoot {
            guard let node = contents[path], let identity = contents.identity(of: path) else { continue }
            let place = UsrMerge.merged(path)
            if let owner = owners[place] {
                if case .directory = node.kind, tree.isDirectory(place) { continue }
                throw PackageConflict(path: place, packages: [owner, package])
            }
            owners[place] = package
            if let first = moved[identity], tree.link(place, to: first) { continue }
            moved[identity] = place
            tree.makeFolders(to: place.parent, modified: 0)
            tree.set(place, relocated(node, from: path))
        }
    }

    private func relocated(_ node: FileTree.Node, from path: TreePath) -> FileTree.Node {
        guard case .symlink(let target) = node.kind else { return node }
        var node = node
        node.kind = .symlink(UsrMerge.target(target, ofLinkAt: path))
        return node
    }
}

/// Two packages with different things under one name.
struct PackageConflict: Error, CustomStringConvertible {
    let path: TreePath
    let packages: [String]

    var description: String {
        "'\(PlainText.short("\(path)"))' is in package '\(packages[0])' and in package '\(packages[1])'"
    }
}
