internal import Archive
internal import MobyBuild

/// A pattern for package names: `*` and `?`.
struct NamePattern {
    private let pattern: PathPattern

    init(_ text: String) { pattern = PathPattern(text) }

    func matches(_ name: String) -> Bool { TreePath(name.utf8).map(pattern.matches) ?? false }
}
