internal import Archive
internal import Extents
internal import MobySpec

/// Chosen files of a tree with all they need to run: the dynamic loader, shared libraries (DT_NEEDED, recursively),
/// targets of links. Files that a program opens by name at run time must be selected too.
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
    mutating func select(_ patterns: [PathPattern]) throws -> FileTree {
        let paths = tree.paths
        for pattern in patterns {
            for path in paths where pattern.matches(path) { try keep(path) }
        }
        var part = FileTree()
        part.graft(tree) { kept.contains($0) ? $0 : nil }
        return part
    }

    private mutating func keep(_ path: TreePath) throws {
        guard !path.isRoot, let node = tree[path], kept.insert(path).inserted else { return }
        try keep(path.parent)
        switch node.kind {
        case .symlink(let target):
            try keep(UsrMerge.merged(path.following(target)))
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
}

/// The part of a tree that `only` selects, with what it needs.
struct Selection {
    let tree: FileTree
    /// Missing libraries.
    let oddities: [String]

    /// - Throws: `SpecError` for patterns without a match.
    init(_ patterns: [Located<String>], of whole: FileTree) throws {
        try whole.checkUse(of: patterns, in: "only")
        var needed = NeededFiles(whole)
        tree = try needed.select(patterns.map { PathPattern($0.value) })
        oddities = needed.missing.map {
            "'\(PlainText.short("\($0.neededBy)"))' needs '\(PlainText.short($0.library))', which is in no package of the image"
        }
    }
}
