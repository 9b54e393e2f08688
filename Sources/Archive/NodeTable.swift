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
