public import Archive
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

    /// Adds the files of a package.
    /// - Throws: `PackageConflict` when another package has a different file of the same name.
    mutating func add(_ contents: FileTree, of package: String) throws {
        var moved: [Int: TreePath] = [:]
        for path in contents.paths where !path.isRoot {
            guard let node = contents[path], let identity = contents.identity(of: path) else { continue }
            let target = UsrMerge.merged(path)
            if let owner = owners[target] {
                if case .directory = node.kind, tree.isDirectory(target) { continue }
                throw PackageConflict(path: target, packages: [owner, package])
            }
            owners[target] = package
            if let first = moved[identity], tree.link(target, to: first) { continue }
            moved[identity] = target
            tree.makeFolders(to: target.parent, modified: 0)
            tree.set(target, relocated(node, from: path))
        }
    }

    private func relocated(_ node: FileTree.Node, from path: TreePath) -> FileTree.Node {
        guard case .symlink(let target) = node.kind else { return node }
        var node = node
        node.kind = .symlink(UsrMerge.target(target, ofLinkAt: path))
        return node
    }
}

/// Two packages with different files of one name.
struct PackageConflict: Error, CustomStringConvertible {
    let path: TreePath
    let packages: [String]

    var description: String {
        "'\(PlainText.short("\(path)"))' is in both packages '\(packages[0])' and '\(packages[1])'"
    }
}

/// The merged layout that all images share: `/bin`, `/sbin`, `/lib` and `/lib64` are links into `/usr`. Images overlay
/// each other at `/`, and a folder cannot replace a link there, so there is one rule for all of them.
public enum UsrMerge {
    private static let folders = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"].map { Array($0.utf8) }
    private static let links: [(TreePath, String)] = [
        (TreePath("bin"), "usr/bin"), (TreePath("sbin"), "usr/sbin"), (TreePath("lib"), "usr/lib"),
        (TreePath("lib64"), "usr/lib64"),
    ]

    /// Where a path lies in the merged layout.
    public static func merged(_ path: TreePath) -> TreePath {
        let first = path.bytes.prefix { $0 != UInt8(ascii: "/") }
        return folders.contains(Array(first)) ? TreePath("usr").appending(path) : path
    }

    /// The target of a link that has moved: relative ones that climb out of their folder are made absolute.
    static func target(_ target: [UInt8], ofLinkAt path: TreePath) -> [UInt8] {
        guard merged(path) != path, target.first != UInt8(ascii: "/"), target.starts(with: "..".utf8) else {
            return target
        }
        var folder = path.parent.bytes.split(separator: UInt8(ascii: "/"))
        for part in target.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
            if part.elementsEqual("..".utf8) { folder = folder.dropLast() } else { folder.append(part) }
        }
        guard let absolute = TreePath(folder.joined(separator: [UInt8(ascii: "/")])) else { return target }
        return [UInt8(ascii: "/")] + merged(absolute).bytes
    }

    /// Whether a path is one of those that ``addLinks(to:modified:)`` makes in every image.
    static func isLayout(_ path: TreePath) -> Bool {
        path == TreePath("usr") || links.contains { $0.0 == path || merged($0.0) == path }
    }

    /// Makes the links and the folders that they point to.
    static func addLinks(to tree: inout FileTree, modified: Int64) {
        for (path, target) in links {
            tree.set(path, FileTree.Node(.symlink(Array(target.utf8)), mode: 0o777, modified: modified))
            tree.makeFolders(to: UsrMerge.merged(path), modified: modified)
        }
    }
}

extension FileTree {
    /// Makes a folder and those above it where they are missing.
    mutating func makeFolders(to path: TreePath, modified: Int64) {
        guard !path.isRoot, self[path] == nil else { return }
        makeFolders(to: path.parent, modified: modified)
        set(path, Node(.directory, mode: 0o755, modified: modified))
    }

    func isDirectory(_ path: TreePath) -> Bool {
        if case .directory? = self[path]?.kind { true } else { false }
    }
}
