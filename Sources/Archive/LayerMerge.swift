public import Extents

extension FileTree {
    /// The result of applying layers in order (image-spec, layer.md: whiteouts, opaque directories, hard
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
        } catch var problem as LayerError {
            problem.layer = index
            throw problem
        }
    }
}

/// An invalid layer or other tar archive.
public struct LayerError: HintedError, CustomStringConvertible, Sendable {
    /// Which layer, counted from 0, the lowest; nil for an archive that is not a layer.
    public internal(set) var layer: Int?
    /// The name in the archive; nil when the error is not in an entry.
    public let entry: [UInt8]?
    public let reason: String
    public internal(set) var hint: String?

    public var description: String {
        var text = layer.map { "layer \($0 + 1): " } ?? ""
        if let entry { text += "entry '\(PlainText.short(String(decoding: entry, as: UTF8.self)))': " }
        return text + reason
    }
}

/// A tree that layers are put into, one entry after another.
struct LayerMerge {
    /// More names than any image has, and few enough for memory: about 400 MB.
    static let nameLimit = 2_000_000
    /// More bytes of paths than any image has: a name of 4 kB can make two thousand directories of 2 kB each on
    /// average.
    static let pathLimit = 512 << 20
    /// Bytes of names that may be looked at to follow symlinks, in all.
    static let lookupLimit = 4 << 30

    var tree = FileTree()
    var index = ChildIndex()
    private(set) var layer: UInt32 = 0
    private let whiteouts: Bool
    /// The directory of the last entry as it was named, and where that is: entries of one directory mostly follow each
    /// other.
    private var last: (named: ArraySlice<UInt8>, found: TreePath)?
    private var pathBytes = 0
    private(set) var lookups = lookupLimit
    /// Files of AUFS for hard links across directories, by name: not part of the tree, but its links may name
    /// them.
    private var aufs: [TreePath: (node: FileTree.Node, original: TreePath?)] = [:]

    init(whiteouts: Bool) { self.whiteouts = whiteouts }

    mutating func beginLayer() {
        layer += 1
        last = nil
        aufs = [:]
    }

    mutating func put(_ entry: TarEntry) throws {
        guard let name = TreePath(entry.name) else {
            throw LayerError(
                entry: entry.name, reason: "the name has a '..' component",
                hint: "the archive is damaged, or crafted to write outside the image")
        }
        try checkLengths(name, entry)
        guard !name.isRoot else { return try putRoot(entry) }
        if whiteouts, Whiteout.isAUFS(name) { return keep(name, entry) }
        if whiteouts, name.name.starts(with: Whiteout.prefix) {
            return try apply(try Whiteout(name.name, in: entry.name), name, entry)
        }

        let directory = try directory(of: name, entry, create: true)
        let path = directory.child(name.name)
        switch entry.content {
        case .hardLink(let target): try link(path, target, entry)
        case .node(let kind): set(path, node(kind, entry))
        }
    }

    private mutating func putRoot(_ entry: TarEntry) throws {
        guard case .node(.directory) = entry.content else {
            throw LayerError(entry: entry.name, reason: "the root of the image must be a directory")
        }
        tree.set(.root, node(.directory, entry))
    }

    /// Metadata of AUFS, as layers of old Dockers have it: of no use, but for files that hard links name.
    private mutating func keep(_ name: TreePath, _ entry: TarEntry) {
        if case .node(.regular(let contents)) = entry.content { aufs[name] = (node(.regular(contents), entry), nil) }
    }

    /// A directory over a directory only changes its metadata; anything else hides what was there, with all below it.
    private mutating func set(_ path: TreePath, _ node: FileTree.Node) {
        if let shape = tree.shape(of: path) {
            if shape.isDirectory, case .directory = node.kind {
            } else {
                erase(below: path)
                last = nil
            }
        }
        tree.set(path, node)
        enter(path)
    }

    private mutating func link(_ path: TreePath, _ named: [UInt8], _ entry: TarEntry) throws {
        let quoted = "'\(PlainText.short(String(decoding: named, as: UTF8.self)))'"
        guard let target = TreePath(named), !target.isRoot else {
            throw LayerError(entry: entry.name, reason: "a hard link to \(quoted), which is not inside the image")
        }
        // The old name goes first: a target below it ceases to exist.
        if tree.shape(of: path) != nil {
            erase(below: path)
            remove(path)
            last = nil
        }
        if let kept = aufs[target] {
            if let original = kept.original, tree.link(path, to: original) { return enter(path) }
            aufs[target]?.original = path
            return set(path, kept.node)
        }
        let found = try directory(of: target, entry, create: false).child(target.name)
        guard let shape = tree.shape(of: found) else {
            throw LayerError(
                entry: entry.name,
                reason: "a hard link to \(quoted), which does not exist at this point in this layer or a lower one",
                hint: "the image was built wrongly; rebuild it")
        }
        guard !shape.isDirectory else {
            throw LayerError(entry: entry.name, reason: "a hard link to \(quoted), which is a directory")
        }
        _ = tree.link(path, to: found)
        enter(path)
    }

    private mutating func apply(_ whiteout: Whiteout, _ name: TreePath, _ entry: TarEntry) throws {
        let directory: TreePath
        do {
            directory = try tree.resolve(name.parentBytes, budget: &lookups)
        } catch .notDirectory {
            return  // Nothing can be below it.
        } catch {
            throw LayerError(entry: entry.name, reason: error.description)
        }
        switch whiteout {
        case .opaque: eraseLower(below: directory)
        case .name(let hidden): eraseLower(directory.child(hidden))
        }
        last = nil
    }

    private func node(_ kind: FileTree.Kind, _ entry: TarEntry) -> FileTree.Node {
        FileTree.Node(
            kind, mode: entry.mode, uid: entry.uid, gid: entry.gid, modified: entry.modified,
            attributes: entry.attributes)
    }

    private func checkLengths(_ name: TreePath, _ entry: TarEntry) throws {
        if tree.nameLimit >= Self.nameLimit {
            throw LayerError(entry: entry.name, reason: "more than \(Self.nameLimit) names")
        }
        if pathBytes >= Self.pathLimit {
            throw LayerError(entry: entry.name, reason: "more than \(Self.pathLimit) bytes of paths")
        }
        if name.bytes.count >= 4096 {
            throw LayerError(
                entry: entry.name, reason: "the name is \(name.bytes.count) bytes long; Linux's limit is 4095")
        }
        if name.name.count > 255 {
            throw LayerError(
                entry: entry.name, reason: "a component is \(name.name.count) bytes long; Linux's limit is 255")
        }
        guard case .node(.symlink(let target)) = entry.content else { return }
        if target.isEmpty { throw LayerError(entry: entry.name, reason: "a symlink without a target") }
        if target.count >= 4096 {
            throw LayerError(
                entry: entry.name, reason: "the link's target is \(target.count) bytes long; Linux's limit is 4095")
        }
    }
}

// Where things are.
extension LayerMerge {
    /// The directory that a name is in, with symlinks followed inside the tree.
    private mutating func directory(of name: TreePath, _ entry: TarEntry, create: Bool) throws -> TreePath {
        let named = name.parentBytes
        if let last, last.named == named { return last.found }
        let found: TreePath
        do {
            found = try tree.resolve(named, budget: &lookups)
        } catch {
            throw LayerError(entry: entry.name, reason: error.description)
        }
        if create {
            for path in tree.makeDirectories(found) { enter(path) }
            last = (named, found)
        }
        return found
    }

    private mutating func enter(_ path: TreePath) {
        guard let name = tree.number(of: path) else { return }
        let parent = path.parent
        let isNew = index.enter(name, below: parent.isRoot ? nil : tree.number(of: parent), path: path, layer: layer)
        if isNew { pathBytes += path.bytes.count }
    }

    private mutating func remove(_ path: TreePath) {
        guard let name = tree.number(of: path) else { return }
        index.remove(name)
        pathBytes -= path.bytes.count
        tree.remove(path)
    }

    /// Removes everything below a path, of any layer.
    private mutating func erase(below path: TreePath) {
        guard let name = tree.number(of: path) else { return }
        for child in index.descendants(of: name).reversed() { remove(index.path(child)) }
    }

    /// Removes a path and everything below it, except for this layer's names.
    private mutating func eraseLower(_ path: TreePath) {
        guard let name = tree.number(of: path) else { return }
        eraseLower(below: path)
        if !index.hasChildren(name), index.layer(name) < layer { remove(path) }
    }

    private mutating func eraseLower(below path: TreePath) {
        let name = tree.number(of: path)
        guard name != nil || path.isRoot else { return }
        // Children come after their parents, so from the back a directory is empty when its turn comes, or is needed.
        for child in index.descendantsToClear(of: path.isRoot ? nil : name, layer: layer).reversed()
        where index.layer(child) < layer && !index.hasChildren(child) {
            remove(index.path(child))
        }
    }
}
