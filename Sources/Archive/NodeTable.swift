internal import Extents

/// The nodes of a tree in about 50 bytes each. A regular file is most often one range of one of few files, so that
/// offset, length and the number of the file say it; only odd contents, link targets and extended attributes live in
/// tables of their own.
struct NodeTable: Sendable {
    private struct Record {
        var modified: Int64
        /// Offset of a file's contents; major of a device; index in `lists` or `targets`.
        var a: UInt64
        /// Length of a file's contents; minor of a device.
        var b: UInt64
        var uid: UInt32
        var gid: UInt32
        /// Index in `sources`.
        var source: UInt32
        /// Index in `attributes`; 0 for none.
        var attributes: UInt32
        var mode: UInt16
        var shape: FileTree.Shape
    }

    private var records: [Record] = []
    private var sources: [SourceFile] = []
    private var lists: [ExtentList] = []
    private var targets: [[UInt8]] = []
    private var attributes: [[FileTree.Attribute]] = [[]]

    var count: Int { records.count }

    func shape(_ index: UInt32) -> FileTree.Shape { records[Int(index)].shape }

    mutating func append(_ node: FileTree.Node) -> UInt32 {
        records.append(record(node))
        return UInt32(records.count - 1)
    }

    subscript(index: UInt32) -> FileTree.Node {
        get {
            let record = records[Int(index)]
            return FileTree.Node(
                kind(record), mode: record.mode, uid: record.uid, gid: record.gid, modified: record.modified,
                attributes: attributes[Int(record.attributes)])
        }
        set { records[Int(index)] = record(newValue) }
    }

    private func kind(_ record: Record) -> FileTree.Kind {
        switch record.shape {
        case .directory: .directory
        case .file where record.b == 0: .regular(ExtentList())
        case .file:
            .regular(ExtentList([.file(FileRange(sources[Int(record.source)], offset: record.a, length: record.b))]))
        case .sparse: .regular(lists[Int(record.a)])
        case .symlink: .symlink(targets[Int(record.a)])
        case .characterDevice: .characterDevice(major: UInt32(record.a), minor: UInt32(record.b))
        case .blockDevice: .blockDevice(major: UInt32(record.a), minor: UInt32(record.b))
        case .fifo: .fifo
        }
    }

    private mutating func record(_ node: FileTree.Node) -> Record {
        var record = Record(
            modified: node.modified, a: 0, b: 0, uid: node.uid, gid: node.gid, source: 0, attributes: 0,
            mode: node.mode, shape: .directory)
        switch node.kind {
        case .directory: break
        case .regular(let contents): fill(&record, contents)
        case .symlink(let target):
            record.shape = .symlink
            record.a = UInt64(targets.count)
            targets.append(target)
        case .characterDevice(let major, let minor):
            (record.shape, record.a, record.b) = (.characterDevice, UInt64(major), UInt64(minor))
        case .blockDevice(let major, let minor):
            (record.shape, record.a, record.b) = (.blockDevice, UInt64(major), UInt64(minor))
        case .fifo: record.shape = .fifo
        }
        if !node.attributes.isEmpty {
            record.attributes = UInt32(attributes.count)
            attributes.append(node.attributes)
        }
        return record
    }

    private mutating func fill(_ record: inout Record, _ contents: ExtentList) {
        record.shape = .file
        if contents.length == 0 { return }
        if contents.extents.count == 1, case .file(let range) = contents.extents[0].source {
            (record.a, record.b, record.source) = (range.offset, range.length, number(of: range.file))
        } else {
            (record.shape, record.a) = (.sparse, UInt64(lists.count))
            lists.append(contents)
        }
    }

    private mutating func number(of file: SourceFile) -> UInt32 {
        // Files of one archive come together, and the last one is nearly always the right one.
        if let index = sources.lastIndex(where: { $0 === file }) { return UInt32(index) }
        sources.append(file)
        return UInt32(sources.count - 1)
    }
}

/// The names in each directory and their layers: linked lists over the numbers of names.
struct ChildIndex {
    private static let none = UInt32.max

    private struct Link {
        var path = TreePath.root
        var parent = ChildIndex.none
        var firstChild = ChildIndex.none
        var next = ChildIndex.none
        var previous = ChildIndex.none
        var layer: UInt32 = 0
        /// The layer that last removed everything of lower layers below it.
        var cleared: UInt32 = 0
    }

    private var links: [Link] = []
    private var firstOfRoot = ChildIndex.none
    private var rootCleared: UInt32 = 0

    func path(_ name: Int) -> TreePath { links[name].path }
    func layer(_ name: Int) -> UInt32 { links[name].layer }
    func hasChildren(_ name: Int) -> Bool { links[name].firstChild != Self.none }

    /// Notes a name, or that a layer has put something new under a name already noted.
    /// - Parameter parent: nil for the root.
    /// - Returns: whether the name is new.
    mutating func enter(_ name: Int, below parent: Int?, path: TreePath, layer: UInt32) -> Bool {
        while links.count <= name { links.append(Link()) }
        let known = links[name].layer != 0
        links[name].layer = layer
        if known { return false }
        let next = parent.map { links[$0].firstChild } ?? firstOfRoot
        links[name].path = path
        // A new name has nothing below it yet.
        links[name].cleared = layer
        links[name].parent = parent.map(UInt32.init) ?? Self.none
        links[name].next = next
        if next != Self.none { links[Int(next)].previous = UInt32(name) }
        setFirst(UInt32(name), of: links[name].parent)
        return true
    }

    /// Forgets a name that has no children.
    mutating func remove(_ name: Int) {
        let link = links[name]
        if link.previous != Self.none {
            links[Int(link.previous)].next = link.next
        } else {
            setFirst(link.next, of: link.parent)
        }
        if link.next != Self.none { links[Int(link.next)].previous = link.previous }
        links[name] = Link()
    }

    /// Everything below a name, parents before children.
    func descendants(of name: Int) -> [Int] {
        var found = children(of: links[name].firstChild)
        var done = 0
        while done < found.count {
            found.append(contentsOf: children(of: links[found[done]].firstChild))
            done += 1
        }
        return found
    }

    /// The same without the contents of directories in which nothing of lower layers is left. The caller clears what
    /// it gets.
    /// - Parameter name: nil for the root.
    mutating func descendantsToClear(of name: Int?, layer: UInt32) -> [Int] {
        if isCleared(name, layer) { return [] }
        clear(name, layer)
        var found = children(of: name.map { links[$0].firstChild } ?? firstOfRoot)
        var done = 0
        while done < found.count {
            let next = found[done]
            if !isCleared(next, layer) {
                clear(next, layer)
                found.append(contentsOf: children(of: links[next].firstChild))
            }
            done += 1
        }
        return found
    }

    private func isCleared(_ name: Int?, _ layer: UInt32) -> Bool {
        (name.map { links[$0].cleared } ?? rootCleared) == layer
    }

    private mutating func clear(_ name: Int?, _ layer: UInt32) {
        if let name { links[name].cleared = layer } else { rootCleared = layer }
    }

    private func children(of first: UInt32) -> [Int] {
        var found: [Int] = []
        var child = first
        while child != Self.none {
            found.append(Int(child))
            child = links[Int(child)].next
        }
        return found
    }

    private mutating func setFirst(_ child: UInt32, of parent: UInt32) {
        if parent == Self.none { firstOfRoot = child } else { links[Int(parent)].firstChild = child }
    }
}
