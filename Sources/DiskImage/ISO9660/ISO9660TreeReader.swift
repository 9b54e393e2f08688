internal import Extents

extension ISO9660 {
    /// Walks the directories of an image.
    struct TreeReader {
        let image: ExtentList
        let limit: Int
        private(set) var entries: [Entry] = []
        /// Sectors of directories that were read: none is read twice, so that a circle ends.
        private var seen: Set<UInt64> = []
        private var skip: Int?
        /// Bytes of all paths together that may still come.
        private var pathBudget = 32 << 20

        init(image: ExtentList, limit: Int) { (self.image, self.limit) = (image, limit) }

        mutating func read(root: UInt64, length: UInt64) throws {
            var waiting: [(path: [UInt8], sector: UInt64, length: UInt64)] = [([], root, length)]
            while let next = waiting.popLast() {
                guard next.path.count <= 4096 else {
                    throw DiskImageError("CD image: a path of \(next.path.count) bytes")
                }
                waiting += try readDirectory(next.path, at: next.sector, length: next.length).reversed()
            }
        }

        private mutating func readDirectory(
            _ path: [UInt8], at first: UInt64, length: UInt64
        ) throws -> [(path: [UInt8], sector: UInt64, length: UInt64)] {
            var below: [(path: [UInt8], sector: UInt64, length: UInt64)] = []
            // The extents of a file that has more than one.
            var pieces = ExtentList()
            for number in first..<first + length.divided(by: sector) {
                guard seen.insert(number).inserted else {
                    throw DiskImageError("CD image: sector \(number) belongs to two directories")
                }
                let view = try ByteView(image, at: number * sector, count: Int(sector), "directory")
                var offset = 0
                while offset < view.count, try view.u8(offset) > 0 {
                    let size = Int(try view.u8(offset))
                    let record = ByteView(try view.slice(offset, size), "directory record")
                    offset += size
                    if path.isEmpty, skip == nil { skip = try RockRidge.skip(record) }
                    guard let (entry, extent) = try read(record, in: path) else { continue }
                    if entry.isDirectory {
                        below.append((entry.path, UInt64(try record.u32le(2)), UInt64(try record.u32le(10))))
                    } else if case .file = entry.kind {
                        pieces.append(extent)
                        // Flag 0x80: the next record is of the same file.
                        if try record.u8(25) & 0x80 > 0 { continue }
                        try add(entry, .file(pieces))
                        pieces = ExtentList()
                        continue
                    }
                    try add(entry, entry.kind)
                }
            }
            return below
        }

        private mutating func add(_ entry: Entry, _ kind: Entry.Kind) throws {
            guard entries.count < limit else { throw DiskImageError("CD image: more than \(limit) names") }
            pathBudget -= entry.path.count
            guard pathBudget >= 0 else { throw DiskImageError("CD image: paths of more than 32 MiB in total") }
            var entry = entry
            entry.kind = kind
            entries.append(entry)
        }

        /// - Returns: nil for the directory itself and its parent.
        private func read(_ record: ByteView, in path: [UInt8]) throws -> (Entry, ExtentList)? {
            let name = try record.slice(33, Int(try record.u8(32)))
            if name == [0] || name == [1] { return nil }
            let isDirectory = try record.u8(25) & 2 > 0
            let start = 33 + name.count + (name.count % 2 == 0 ? 1 : 0)
            var facts = RockRidge.Facts(name: Self.plain(name), isDirectory: isDirectory)
            if let skip { try facts.read(record, from: start + skip, image) }
            let child = facts.name
            guard !child.isEmpty, !child.contains(0), !child.contains(UInt8(ascii: "/")), child != [46],
                child != [46, 46]
            else {
                throw DiskImageError("CD image: '\(String(decoding: child, as: UTF8.self))' is not a valid name")
            }
            let whole = path.isEmpty ? child : path + [UInt8(ascii: "/")] + child
            let kind = isDirectory ? Entry.Kind.directory : facts.kind
            let entry = Entry(
                path: whole, kind, mode: facts.mode, uid: facts.uid, gid: facts.gid, modified: facts.modified ?? 0)
            guard case .file = kind else { return (entry, ExtentList()) }
            return (entry, try extent(record))
        }

        private func extent(_ record: ByteView) throws -> ExtentList {
            let (start, length) = (UInt64(try record.u32le(2)) * sector, UInt64(try record.u32le(10)))
            if length == 0 { return ExtentList() }
            guard start <= image.length, length <= image.length - start else {
                throw DiskImageError(
                    "CD image: a file of \(length) bytes at byte \(start), but the image ends at \(image.length)")
            }
            return image[start..<start + length]
        }

        /// `NAME.EXT;1` in small letters without version and empty suffix.
        private static func plain(_ name: [UInt8]) -> [UInt8] {
            let bare = name.prefix { $0 != UInt8(ascii: ";") }
            let whole = bare.last == UInt8(ascii: ".") ? bare.dropLast() : bare
            return whole.map { $0.isASCIIUppercase ? $0 + 32 : $0 }
        }
    }
}
