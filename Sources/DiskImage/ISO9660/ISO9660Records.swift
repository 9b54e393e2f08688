internal import Extents

extension ISO9660 {
    /// The entries that have data, once for all names of one, which of them an entry stands for, and a number for every file, link and device.
    struct FileIndices {
        let entries: [Entry]
        private var byPath: [[UInt8]: Int] = [:]
        private var serials: [[UInt8]: UInt32] = [:]

        init(_ tree: Tree) {
            var (entries, byIdentity): ([Entry], [Int: Int]) = ([], [:])
            for entry in tree.entries where entry.hasData {
                if let identity = entry.identity, let index = byIdentity[identity] {
                    byPath[entry.path] = index
                    continue
                }
                if let identity = entry.identity { byIdentity[identity] = entries.count }
                byPath[entry.path] = entries.count
                entries.append(entry)
            }
            self.entries = entries
            var firsts: [Int: UInt32] = [:]
            for (index, entry) in tree.entries.enumerated() {
                var serial = UInt32(tree.directories.count + 1 + index)
                if let identity = entry.identity {
                    serial = firsts[identity] ?? serial
                    firsts[identity] = serial
                }
                serials[entry.path] = serial
            }
        }

        /// The same for hard links of one file, another for all else.
        func serial(of path: [UInt8]) -> UInt32 { serials[path] ?? 0 }

        func index(of path: [UInt8]) -> Int? { byPath[path] }
    }

    /// Makes the records of directories.
    struct RecordMaker {
        let tree: Tree
        let indices: FileIndices

        func records(of directory: Directory) -> [Record] {
            let parent = directory.parent ?? directory
            var own = fields(of: directory)
            if directory.parent == nil { own = [RockRidge.indicator] + own + [RockRidge.reference] }
            var records = [
                Record([0], .directory(directory), flags: 2, modified: directory.entry.modified, fields: own),
                Record([1], .directory(parent), flags: 2, modified: parent.entry.modified, fields: fields(of: parent)),
            ]
            for (name, child) in directory.children {
                switch child {
                case .directory(let directory):
                    let fields = fields(of: directory) + RockRidge.name(directory.entry.name)
                    records.append(Record(name, .directory(directory), flags: 2, modified: directory.entry.modified, fields: fields))
                case .other(let entry): records += self.records(of: entry, name)
                }
            }
            return records
        }

        /// One for each extent; all but the last say that another follows.
        private func records(of entry: Entry, _ name: [UInt8]) -> [Record] {
            let links = entry.identity.flatMap { tree.links[$0] } ?? 1
            let index = indices.index(of: entry.path)
            let fields =
                RockRidge.fields(of: entry, links: UInt32(links), serial: indices.serial(of: entry.path)) + RockRidge.name(entry.name)
            guard let index else { return [Record(name, .nothing, flags: 0, modified: entry.modified, fields: fields)] }
            let count = max(1, Int(indices.entries[index].length.divided(by: extentLimit)))
            return (0..<count).map { extent in
                Record(
                    name, .file(index, extent: extent), flags: extent < count - 1 ? 0x80 : 0, modified: entry.modified, fields: fields)
            }
        }

        private func fields(of directory: Directory) -> [[UInt8]] {
            RockRidge.fields(
                of: directory.entry, links: UInt32(2 + directory.subdirectories.count), serial: UInt32(directory.number))
        }
    }
}

extension ISO9660.Entry {
    fileprivate var hasData: Bool {
        switch kind {
        case .file, .shared: true
        default: false
        }
    }

    /// Of the data, in bytes.
    fileprivate var length: UInt64 {
        switch kind {
        case .file(let content): content.length
        case .shared(let range): range.upperBound - range.lowerBound
        default: 0
        }
    }
}
