internal import Archive
internal import Extents
internal import MobySpec

/// Rules for the paths that stay in a tree.
struct PathRules {
    var drop: [PathPattern]
    var keep: [PathPattern]

    /// Removes dropped paths, and folders that become empty by it.
    func apply(to tree: inout FileTree) {
        let paths = tree.paths
        let dropped = Set(
            paths.filter { path in drop.contains { $0.matches(path) } && !keep.contains { $0.matches(path) } })
        guard !dropped.isEmpty else { return }
        var inhabited: Set<TreePath> = []
        for path in paths where !dropped.contains(path) && !tree.isDirectory(path) {
            inhabited.insertAncestors(of: path)
        }
        var emptied: Set<TreePath> = []
        for path in dropped { emptied.insertAncestors(of: path) }
        for path in paths where !inhabited.contains(path) {
            if dropped.contains(path) || (emptied.contains(path) && tree.isDirectory(path)) { tree.remove(path) }
        }
    }
}

extension Set<TreePath> {
    mutating func insertAncestors(of path: TreePath) {
        var ancestor = path.parent
        while !ancestor.isRoot, insert(ancestor).inserted { ancestor = ancestor.parent }
    }
}

extension FileTree {
    /// Paths that match one of the patterns, in order.
    func paths(matching patterns: [Located<String>]) -> [TreePath] {
        let patterns = patterns.map { PathPattern($0.value) }
        return paths.filter { path in patterns.contains { $0.matches(path) } }
    }

    /// The patterns that match nothing in this tree.
    func unused(_ patterns: [Located<String>]) -> [Located<String>] {
        guard !patterns.isEmpty else { return [] }
        let paths = paths
        return patterns.filter { pattern in
            let path = PathPattern(pattern.value)
            return !paths.contains(where: path.matches)
        }
    }

    /// - Throws: `SpecError` with each pattern of `key` that matches nothing.
    func checkUse(of patterns: [Located<String>], in key: String) throws {
        let unused = unused(patterns)
        guard unused.isEmpty else {
            throw SpecError(
                unused.map { pattern in
                    Diagnostic(
                        at: pattern.location,
                        "'\(key): \(PlainText.short(pattern.value))' matches no file of the packages",
                        hint: closest(to: pattern.value).map { "did you mean '\(PlainText.short($0))'?" })
                })
        }
    }

    /// The path with the closest spelling, else one that ends in the same name.
    func closest(to text: String) -> String? {
        let paths = paths.filter { !isDirectory($0) }
        if let near = Spelling.closest(
            to: text.hasPrefix("/") ? String(text.dropFirst()) : text, in: paths.map(\.description))
        {
            return near
        }
        let name = text.utf8.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? []
        return paths.first { $0.name.elementsEqual(name) }?.description
    }
}

/// A pattern for package names: `*` and `?`.
struct NamePattern {
    private let pattern: PathPattern

    init(_ text: String) { pattern = PathPattern(text) }

    func matches(_ name: String) -> Bool { TreePath(name.utf8).map(pattern.matches) ?? false }
}
