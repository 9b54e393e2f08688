internal import Archive
internal import Extents
internal import MobyBuild

/// Chosen files of a tree with all they need to run: the dynamic loader, shared libraries (DT_NEEDED, recursively), targets of links.
/// What a program opens by name at run time has to be chosen too.
struct NeededFiles {
    private let tree: FileTree
    /// Shared libraries by name; of several, the one with the shortest path.
    private let libraries: [String: TreePath]
    private var kept: Set<TreePath> = []
    /// Names that a kept file needs and the tree does not have.
    private(set) var missing: [(library: String, neededBy: TreePath)] = []

    init(_ tree: FileTree) {
        self.tree = tree
        let candidates = tree.paths.filter { path in
            path.bytes.starts(with: "usr/lib".utf8) && String(decoding: path.name, as: UTF8.self).contains(".so")
        }
        libraries = Dictionary(candidates.map { (String(decoding: $0.name, as: UTF8.self), $0) }) { a, b in
            a.bytes.count <= b.bytes.count ? a : b
        }
    }

    /// The part of the tree that the patterns choose.
    /// - Returns: the part, and the patterns that chose nothing.
    mutating func select(_ patterns: [PathPattern]) throws -> (tree: FileTree, unused: [PathPattern]) {
        let paths = tree.paths
        var unused: [PathPattern] = []
        for pattern in patterns {
            let matches = paths.filter(pattern.matches)
            if matches.isEmpty { unused.append(pattern) }
            for path in matches { try keep(path) }
        }
        var part = FileTree()
        var moved: [Int: TreePath] = [:]
        for path in paths where kept.contains(path) {
            guard let node = tree[path], let identity = tree.identity(of: path) else { continue }
            if let first = moved[identity], part.link(path, to: first) { continue }
            moved[identity] = path
            part.set(path, node)
        }
        return (part, unused)
    }

    private mutating func keep(_ path: TreePath) throws {
        guard !path.isRoot, let node = tree[path], kept.insert(path).inserted else { return }
        try keep(path.parent)
        switch node.kind {
        case .symlink(let target):
            if let place = Self.resolve(target, from: path) { try keep(place) }
        case .regular(let contents) where contents.length >= 64:
            try keepLibraries(of: path, contents)
        default: break
        }
    }

    private mutating func keepLibraries(of path: TreePath, _ contents: ExtentList) throws {
        guard let elf = ELF(try ExtentReader.bytes(of: contents, limit: 1 << 30)) else { return }
        if let interpreter = elf.interpreter.flatMap({ TreePath($0.utf8) }) { try keep(UsrMerge.merged(interpreter)) }
        for name in elf.needed {
            if let library = libraries[name] { try keep(library) } else { missing.append((name, path)) }
        }
    }

    private static func resolve(_ target: [UInt8], from path: TreePath) -> TreePath? {
        var folder = target.first == UInt8(ascii: "/") ? [] : path.parent.bytes.split(separator: UInt8(ascii: "/"))
        for part in target.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
            if part.elementsEqual("..".utf8) { folder = folder.dropLast() } else { folder.append(part) }
        }
        return TreePath(folder.joined(separator: [UInt8(ascii: "/")])).map(UsrMerge.merged)
    }
}

/// The part of a tree that `only` chooses, with what it needs.
struct Selection {
    let tree: FileTree
    /// Patterns that chose nothing, libraries that are not there.
    let oddities: [String]

    init(_ patterns: [String], of whole: FileTree) throws {
        var needed = NeededFiles(whole)
        let (part, unused) = try needed.select(patterns.map(PathPattern.init))
        tree = part
        oddities =
            unused.map { "'only: \($0)' chooses nothing" }
            + needed.missing.map { "'\($0.neededBy)' needs '\($0.library)', which no package of the image has" }
    }
}

extension FileTree {
    /// Paths that one of the patterns means, in order.
    func paths(matching patterns: [String]) -> [TreePath] {
        let patterns = patterns.map(PathPattern.init)
        return paths.filter { path in patterns.contains { $0.matches(path) } }
    }
}
