internal import Extents

extension ISO9660 {
    /// A directory record (ECMA-119, 9.1) before locations are known.
    /// ```
    ///   0 length u8        1 0                  2 sector, both orders   10 length of data, both orders   18 date 7
    ///  25 flags u8        26 0, 0              28 volume 1, both orders 32 length of the name
    ///  33 name, padded to even; then the system use area, padded to even
    /// ```
    struct Record {
        enum Target {
            case directory(Directory)
            /// Index of the file and of its extent.
            case file(Int, extent: Int)
            case nothing
        }

        let name: [UInt8]
        let target: Target
        let flags: UInt8
        let modified: Int64
        /// Fields of Rock Ridge: those in the record, then those of each continuation.
        let groups: [[UInt8]]

        init(_ name: [UInt8], _ target: Target, flags: UInt8, modified: Int64, fields: [[UInt8]]) {
            (self.name, self.target, self.flags, self.modified) = (name, target, flags, modified)
            groups = Self.group(fields, room: 254 - Self.fixedLength(name))
        }

        private static func fixedLength(_ name: [UInt8]) -> Int { 33 + name.count + (name.count % 2 == 0 ? 1 : 0) }

        /// In the directory, in bytes.
        var length: Int {
            let system = groups[0].count + (groups.count > 1 ? RockRidge.continuationLength : 0)
            return (Self.fixedLength(name) + system + 1) / 2 * 2
        }

        /// Lengths of the continuations, each with the reference to the next.
        var continuationLengths: [Int] {
            groups.indices.dropFirst().map {
                groups[$0].count + ($0 < groups.count - 1 ? RockRidge.continuationLength : 0)
            }
        }

        /// Fills the record, then sectors, as long as there is room for a reference to the next.
        private static func group(_ fields: [[UInt8]], room: Int) -> [[UInt8]] {
            var (groups, room) = ([[UInt8]](), room)
            var rest = fields[...]
            repeat {
                var group: [UInt8] = []
                let reserve = rest.reduce(0) { $0 + $1.count } <= room ? 0 : RockRidge.continuationLength
                while let field = rest.first, group.count + field.count + reserve <= room {
                    group += field
                    rest.removeFirst()
                }
                groups.append(group)
                room = Int(ISO9660.sector)
            } while !rest.isEmpty
            return groups
        }

        /// The record.
        /// - Parameter continuation: where the next group is, in bytes from the image's start.
        func bytes(sector: UInt32, length: UInt32, continuation: UInt64?) -> [UInt8] {
            var builder = ByteBuilder(reserving: self.length)
            builder.u8(UInt8(self.length))
            builder.u8(0)
            builder.u32both(sector)
            builder.u32both(length)
            builder.append(ISO9660.shortDate(modified))
            builder.u8(flags)
            builder.u16le(0)
            builder.u16both(1)
            builder.u8(UInt8(name.count))
            builder.append(name)
            if name.count % 2 == 0 { builder.u8(0) }
            builder.append(group(0, next: continuation))
            builder.pad(to: self.length)
            return builder.bytes
        }

        /// A group with the reference to the next one.
        func group(_ index: Int, next: UInt64?) -> [UInt8] {
            guard let next, index + 1 < groups.count else { return groups[index] }
            return groups[index]
                + RockRidge.continuation(
                    sector: UInt32(next / ISO9660.sector), offset: UInt32(next % ISO9660.sector),
                    length: UInt32(continuationLengths[index]))
        }
    }

    /// Seven bytes: years from 1900, month, day, hour, minute, second, offset from UTC (ECMA-119, 9.1.5). Times that it
    /// cannot say become the nearest that it can.
    static func shortDate(_ seconds: Int64) -> [UInt8] {
        // 1900-01-01 up to 2155-12-31 23:59:59.
        let time = CivilTime(seconds: min(max(seconds, -2_208_988_800), 5_869_583_999))
        return [
            UInt8(time.year - 1900), UInt8(time.month), UInt8(time.day), UInt8(time.hour), UInt8(time.minute),
            UInt8(time.second), 0,
        ]
    }
}

extension ISO9660 {
    /// The entries that have data, once for all names of one, which of them an entry refers to, and a number for every
    /// file, link and device.
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
                    records.append(
                        Record(
                            name, .directory(directory), flags: 2, modified: directory.entry.modified, fields: fields))
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
                RockRidge.fields(of: entry, links: UInt32(links), serial: indices.serial(of: entry.path))
                + RockRidge.name(entry.name)
            guard let index else { return [Record(name, .nothing, flags: 0, modified: entry.modified, fields: fields)] }
            let count = max(1, Int(indices.entries[index].length.divided(by: extentLimit)))
            return (0..<count).map { extent in
                Record(
                    name, .file(index, extent: extent), flags: extent < count - 1 ? 0x80 : 0, modified: entry.modified,
                    fields: fields)
            }
        }

        private func fields(of directory: Directory) -> [[UInt8]] {
            RockRidge.fields(
                of: directory.entry, links: UInt32(2 + directory.subdirectories.count), serial: UInt32(directory.number)
            )
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
