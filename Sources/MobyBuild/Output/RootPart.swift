internal import Archive

/// One part of the root with where it comes from.
struct RootPart: Sendable {
    /// `LINUXKIT.source`: an image or `linuxkit.files`.
    let source: String
    /// `LINUXKIT.location`: the place in the spec, e.g. `services[0]`.
    let location: String
    let destination: TreePath
    let tree: @Sendable () throws -> FileTree

    init(
        source: String, location: String, destination: TreePath = .root, tree: @escaping @Sendable () throws -> FileTree
    ) {
        self.source = source
        self.location = location
        self.destination = destination
        self.tree = tree
    }

    /// The part that a segment is made from; nil for what is no tree.
    init?(_ segment: PlannedSegment) {
        guard case .tree(let tree) = segment.content else { return nil }
        self.init(source: segment.title, location: segment.location, destination: segment.destination, tree: tree)
    }
}
