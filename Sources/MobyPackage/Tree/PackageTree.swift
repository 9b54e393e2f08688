public import Archive
internal import Extents
internal import MobyBuild

/// The file tree of several Debian packages together, in the merged layout.
struct PackageTree {
    private(set) var tree = FileTree()
    private var owners: [TreePath: String] = [:]
    /// The packages whose scripts made a path.
    private var makers: [TreePath: Set<String>] = [:]

    init() {}

    init(_ packages: [UnpackedPackage]) throws {
        for package in packages { try add(FileTree.tar(package.contents), of: package.name) }
    }

    /// The packages that own files of a part of this tree.
    func owners(of paths: some Sequence<TreePath>) -> Set<String> {
        var all: Set<String> = []
        for path in paths {
            all.formUnion(makers[path] ?? [])
            if !tree.isDirectory(path), let owner = owners[path] { all.insert(owner) }
        }
        return all
    }

    /// The paths of a part of this tree that a package brought or its scripts made, without folders.
    func files(of package: String, in part: FileTree) -> [TreePath] {
        part.paths.filter { path in
            !part.isDirectory(path) && (owners[path] == package || makers[path]?.contains(package) == true)
        }
    }

    /// The licences of packages, which whoever passes on their files has to pass on as well.
    func licences(of packages: Set<String>) -> [(path: TreePath, node: FileTree.Node)] {
        packages.sorted().compactMap { package in
            // The folder may be a link to that of another package.
            guard let path = TreePath("usr/share/doc/\(package)/copyright".utf8), let found = tree.resolve(path),
                let node = tree[found], case .regular = node.kind
            else { return nil }
            return (path, node)
        }
    }

    /// Does what the maintainer scripts of the packages would do that images need, as docs/packages.md lists it.
    /// - Returns: the commands of the scripts that are left out, by package.
    mutating func configure(_ packages: [UnpackedPackage], time: Int64) throws -> [(
        package: String, commands: [String]
    )] {
        let configuration = try Configuration(packages, in: tree)
        makers = try configuration.apply(to: &tree, time: time)
        return configuration.others
    }

    /// Adds the files of a package.
    /// - Throws: `BuildError` when another package has a different file of the same name.
    mutating func add(_ contents: FileTree, of package: String) throws {
        var added: [(path: TreePath, target: TreePath)] = []
        for path in contents.paths where !path.isRoot {
            let target = UsrMerge.merged(path)
            if let owner = owners[target] {
                if contents.isDirectory(path), tree.isDirectory(target) { continue }
                let path = PlainText.short("\(target)")
                throw BuildError("'\(path)' is in both packages '\(owner)' and '\(package)'")
            }
            owners[target] = package
            tree.makeDirectories(contents.isDirectory(path) ? target : target.parent)
            added.append((path, target))
        }
        let targets = Dictionary(uniqueKeysWithValues: added)
        tree.graft(contents) { targets[$0] }
        for (path, target) in added {
            guard case .symlink(let link)? = contents[path]?.kind else { continue }
            tree.update(target) { $0.kind = .symlink(UsrMerge.target(link, ofLinkAt: path)) }
        }
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
        return [UInt8(ascii: "/")] + merged(path.following(target)).bytes
    }

    /// Whether a path is one of those that ``addLinks(to:modified:)`` makes in every image.
    static func isLayout(_ path: TreePath) -> Bool {
        path == TreePath("usr") || links.contains { $0.0 == path || merged($0.0) == path }
    }

    /// Makes the links and the folders that they point to.
    static func addLinks(to tree: inout FileTree, modified: Int64) {
        for (path, target) in links {
            tree.set(path, FileTree.Node(.symlink(Array(target.utf8)), mode: 0o777, modified: modified))
            tree.makeDirectories(UsrMerge.merged(path), modified: modified)
        }
    }
}
