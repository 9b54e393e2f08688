public import Extents

extension FileTree {
    /// What layers, applied one above the other, amount to (image-spec, layer.md: whiteouts, opaque directories, hard
    /// links, type changes). Names are resolved inside the tree: an entry below a symlink goes where the symlink leads.
    /// Missing parents are made, 0755.
    /// - Parameter layers: uncompressed tar archives, lowest first. Contents of the tree are ranges of them.
    /// - Throws: `LayerError` naming layer and entry for an unsafe name, a hard link to nothing, an entry that cannot
    ///   be represented.
    public static func flatten(layers: [ExtentList]) throws -> FileTree {
        var merge = LayerMerge(whiteouts: true)
        for (index, layer) in layers.enumerated() {
            merge.beginLayer()
            try merge.apply(layer, index: index)
        }
        return merge.tree
    }

    /// The tree of one uncompressed tar archive, e.g. a kernel image's `kernel.tar`; whiteouts have no meaning in it.
    /// - Throws: `LayerError`.
    public static func tar(_ archive: ExtentList) throws -> FileTree {
        var merge = LayerMerge(whiteouts: false)
        merge.beginLayer()
        try merge.apply(archive, index: nil)
        return merge.tree
    }
}

extension LayerMerge {
    fileprivate mutating func apply(_ archive: ExtentList, index: Int?) throws {
        do {
            try TarReader(archive).forEach { try put($0) }
        } catch let fault as TarFault {
            throw LayerError(layer: index, entry: fault.entry, reason: fault.reason, hint: fault.hint)
        }
    }
}
