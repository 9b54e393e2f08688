public import Extents

extension FAT {
    /// Lists and reads the files of a volume. It trusts nothing in it: every loop is bounded, and what points astray is
    /// an error.
    public struct Reader: Sendable {
        /// A file or directory of a volume.
        public struct Entry: Sendable, Equatable {
            /// Names with slashes between them, e.g. `EFI/BOOT/BOOTX64.EFI`.
            public let path: String
            public let isDirectory: Bool
            /// In bytes; 0 for a directory.
            public let size: UInt64
            let cluster: UInt64
        }

        static let entryLimit = 1 << 18
        /// Bytes of all paths together.
        static let pathBudget = 32 << 20
        static let depthLimit = 64
        /// Separate pieces of a file: each takes memory.
        static let pieceLimit = 1 << 18

        public let geometry: Geometry
        public let label: String
        let content: ExtentList

        /// - Throws: `DiskImageError` for anything but a FAT volume of 512-byte sectors; `FileError`, `ExtentError`.
        public init(_ content: ExtentList) throws {
            guard content.length >= sectorLength else { throw Self.error("only \(content.length) bytes") }
            let boot = ByteView(try content.bytes(at: 0, count: 512), "FAT boot sector")
            guard try boot.u16le(510) == 0xAA55 else { throw Self.error("no 55 AA at the end of its first sector") }
            self.content = content
            geometry = try Self.geometry(boot, content.length)
            let offset = geometry.kind == .fat32 ? 0x47 : 0x2B
            let text = String(decoding: try boot.slice(offset, 11), as: UTF8.self)
            label = text == "NO NAME    " ? "" : String(text.reversed().drop { $0 == " " }.reversed())
        }

        static func error(_ what: String) -> DiskImageError { DiskImageError("not a usable FAT volume: \(what)") }

        /// The length in bytes that a volume has by its boot sector, which may be above that of the content.
        /// - Throws: as ``init(_:)``.
        public static func length(of content: ExtentList) throws -> UInt64 {
            let boot = ByteView(try content.bytes(at: 0, count: 512), "FAT boot sector")
            let small = UInt64(try boot.u16le(0x13))
            return (small > 0 ? small : UInt64(try boot.u32le(0x20))) * sectorLength
        }

        private static func geometry(_ boot: ByteView, _ length: UInt64) throws -> Geometry {
            let sector = try boot.u16le(0x0B)
            guard sector == 512 else { throw error("sectors of \(sector) bytes, expected 512") }
            let perCluster = UInt64(try boot.u8(0x0D))
            guard perCluster.nonzeroBitCount == 1 else {
                throw error("\(perCluster) sectors in a cluster, expected a power of 2")
            }
            let (reserved, tables) = (UInt64(try boot.u16le(0x0E)), UInt64(try boot.u8(0x10)))
            guard reserved > 0, tables == 2 else {
                throw error("\(reserved) reserved sectors and \(tables) tables, expected at least 1 and exactly 2")
            }
            let rootEntries = UInt64(try boot.u16le(0x11))
            guard rootEntries % 16 == 0 else {
                throw error("a root directory of \(rootEntries) entries, expected a multiple of 16")
            }
            let small = (sectors: UInt64(try boot.u16le(0x13)), table: UInt64(try boot.u16le(0x16)))
            let sectors = small.sectors > 0 ? small.sectors : UInt64(try boot.u32le(0x20))
            let table = small.table > 0 ? small.table : UInt64(try boot.u32le(0x24))
            guard sectors * sectorLength <= length else {
                throw error("\(sectors) sectors, but the volume has \(length) bytes")
            }
            let before = reserved + 2 * table + rootEntries / 16
            guard table > 0, before < sectors else {
                throw error("no room for files: they begin at sector \(before) of \(sectors)")
            }
            let clusters = (sectors - before) / perCluster
            let kind = Geometry.Kind(clusters: clusters)
            guard ((clusters + 2) * kind.entryBits).divided(by: 8) <= table * sectorLength else {
                throw error("a table of \(table) sectors, too short for \(clusters) clusters")
            }
            guard (kind == .fat32) == (rootEntries == 0) else {
                throw error("\(kind.rawValue) with \(rootEntries) root entries")
            }
            return Geometry(
                kind: kind, clusterLength: perCluster * sectorLength, clusters: clusters, reservedSectors: reserved,
                tableSectors: table,
                rootEntries: rootEntries)
        }

        /// Every file and directory, parents first, in the order of the volume. Those before an error are kept when it
        /// throws.
        /// - Throws: `DiskImageError` for a damaged directory; `FileError`, `ExtentError`.
        public func entries(into result: inout [Entry]) throws {
            var seen: Set<UInt64> = []
            var pending: [(prefix: String, depth: Int, cluster: UInt64?)] = [("", 0, nil)]
            var budget = Self.pathBudget
            while let directory = pending.popLast() {
                let bytes =
                    try directory.cluster.map { try self.bytes(ofDirectory: $0, directory.prefix, &seen) }
                    ?? rootDirectory(&seen)
                for entry in try DirectoryReader(bytes, prefix: directory.prefix).entries() {
                    guard result.count < Self.entryLimit else { throw Self.error("more than \(Self.entryLimit) files") }
                    budget -= entry.path.utf8.count
                    guard budget >= 0 else { throw Self.error("paths of more than \(Self.pathBudget) bytes in total") }
                    result.append(entry)
                    guard entry.isDirectory else { continue }
                    guard directory.depth < Self.depthLimit else {
                        throw Self.error("more than \(Self.depthLimit) nested directories")
                    }
                    pending.append((entry.path + "/", directory.depth + 1, entry.cluster))
                }
            }
        }

        /// The bytes of a file.
        /// - Throws: `DiskImageError` when its clusters do not add up to its size.
        public func content(of entry: Entry) throws -> ExtentList {
            guard !entry.isDirectory else { throw DiskImageError("'\(entry.path)' is a directory") }
            guard entry.size > 0 else { return ExtentList() }
            let wanted = entry.size.divided(by: geometry.clusterLength)
            guard wanted <= geometry.clusters else {
                throw Self.error("'\(entry.path)' has \(entry.size) bytes, more than the volume")
            }
            var table = TableReader(self)
            var file = ExtentList()
            var cluster = entry.cluster
            for index in 0..<wanted {
                try check(cluster, entry.path)
                let start = geometry.offset(ofCluster: cluster)
                file.append(
                    content[start..<start + min(geometry.clusterLength, entry.size - index * geometry.clusterLength)])
                guard file.extents.count <= Self.pieceLimit else {
                    throw Self.error("'\(entry.path)' has more than \(Self.pieceLimit) pieces")
                }
                guard index < wanted - 1 else { break }
                cluster = try table.next(cluster)
            }
            return file
        }

        private func check(_ cluster: UInt64, _ path: String) throws {
            guard cluster >= 2, cluster < geometry.clusters + 2 else {
                throw Self.error("'\(path)' continues at cluster \(cluster), which does not exist")
            }
        }

        private func rootDirectory(_ seen: inout Set<UInt64>) throws -> [UInt8] {
            if geometry.kind != .fat32 {
                return try content.bytes(
                    at: geometry.dataOffset - geometry.rootEntries * 32, count: Int(geometry.rootEntries) * 32)
            }
            let boot = ByteView(try content.bytes(at: 0, count: 512), "FAT boot sector")
            return try bytes(ofDirectory: UInt64(try boot.u32le(0x2C)), "/", &seen)
        }

        /// At most 2 MiB; no cluster may be in two directories, or twice in one.
        private func bytes(ofDirectory first: UInt64, _ path: String, _ seen: inout Set<UInt64>) throws -> [UInt8] {
            var table = TableReader(self)
            var bytes: [UInt8] = []
            var cluster = first
            while cluster < geometry.endMark {
                try check(cluster, path)
                guard seen.insert(cluster).inserted else {
                    throw Self.error("cluster \(cluster) of directory '\(path)' is already in use")
                }
                guard bytes.count < 65536 * 32 else {
                    throw Self.error("directory '\(path)' has more than 65536 entries")
                }
                bytes += try content.bytes(at: geometry.offset(ofCluster: cluster), count: Int(geometry.clusterLength))
                cluster = try table.next(cluster)
            }
            return bytes
        }
    }
}

extension FAT.Geometry {
    /// From here on, an entry of the table ends a chain (section 4).
    var endMark: UInt64 {
        switch kind {
        case .fat12: 0xFF8
        case .fat16: 0xFFF8
        case .fat32: 0x0FFF_FFF8
        }
    }
}

extension FAT {
    /// Follows chains in the first file allocation table, a piece of which it holds.
    struct TableReader {
        private let content: ExtentList
        private let geometry: Geometry
        private var piece = ByteView([], "FAT")
        private var start: UInt64 = 0
        private static let pieceLength: UInt64 = 4096

        init(_ reader: Reader) {
            content = reader.content
            geometry = reader.geometry
        }

        /// The table's entry of a cluster, which must be one of the volume's.
        mutating func next(_ cluster: UInt64) throws -> UInt64 {
            let offset = geometry.reservedSectors * sectorLength + cluster * geometry.kind.entryBits / 8
            if offset < start || offset + 4 > start + UInt64(piece.bytes.count) {
                start = offset
                piece = ByteView(
                    try content.bytes(at: start, count: Int(min(Self.pieceLength, content.length - start))), "FAT")
            }
            let index = Int(offset - start)
            switch geometry.kind {
            // Three bytes hold two entries: the first has the low bits.
            case .fat12: return UInt64(try piece.u16le(index) >> (cluster % 2 == 0 ? 0 : 4) & 0xFFF)
            case .fat16: return UInt64(try piece.u16le(index))
            case .fat32: return UInt64(try piece.u32le(index) & 0x0FFF_FFFF)
            }
        }
    }
}

extension FAT {
    /// Reads the entries of one directory (sections 6 and 7).
    struct DirectoryReader {
        private let view: ByteView
        private let prefix: String
        /// Pieces of a long name whose short name comes next: the last piece first.
        private var pieces: [(number: UInt8, checksum: UInt8, units: [UInt16])] = []

        init(_ bytes: [UInt8], prefix: String) {
            view = ByteView(bytes, "FAT directory")
            self.prefix = prefix
        }

        func entries() throws -> [Reader.Entry] {
            var reader = self
            var result: [Reader.Entry] = []
            for offset in stride(from: 0, to: view.bytes.count - 31, by: 32) {
                let first = try view.u8(offset)
                if first == 0 { break }
                if let entry = try reader.entry(at: offset, first) { result.append(entry) }
            }
            return result
        }

        private mutating func entry(at offset: Int, _ first: UInt8) throws -> Reader.Entry? {
            let attributes = Attributes(rawValue: try view.u8(offset + 11) & 0x3F)
            if first != 0xE5, attributes == .longName {
                try add(offset)
                return nil
            }
            defer { pieces = [] }
            let short = try view.slice(offset, 11)
            guard first != 0xE5, !attributes.contains(.volumeLabel), short[0] != 0x2E else { return nil }
            let name = longName(of: short) ?? shortName(short)
            guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(0x2F), !name.utf8.contains(0) else {
                throw Reader.error("an invalid name in '\(prefix)'")
            }
            let isDirectory = attributes.contains(.directory)
            let cluster = UInt64(try view.u16le(offset + 20)) << 16 | UInt64(try view.u16le(offset + 26))
            return Reader.Entry(
                path: prefix + name, isDirectory: isDirectory,
                size: isDirectory ? 0 : UInt64(try view.u32le(offset + 28)), cluster: cluster
            )
        }

        private mutating func add(_ offset: Int) throws {
            let number = try view.u8(offset)
            if number & 0x40 != 0 { pieces = [] }
            let units = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30]
            pieces.append((number & 0x3F, try view.u8(offset + 13), try units.map { try view.u16le(offset + $0) }))
        }

        /// The long name when its pieces are all there and belong to the short one.
        private func longName(of short: [UInt8]) -> String? {
            let checksum = short.reduce(UInt8(0)) { ($0 << 7 | $0 >> 1) &+ $1 }
            guard !pieces.isEmpty, pieces.count <= 20, pieces.allSatisfy({ $0.checksum == checksum }) else {
                return nil
            }
            guard pieces.map(\.number) == (1...UInt8(pieces.count)).reversed() else { return nil }
            return String(
                decoding: pieces.reversed().flatMap(\.units).prefix { $0 != 0 && $0 != 0xFFFF }, as: UTF16.self)
        }

        private func shortName(_ bytes: [UInt8]) -> String {
            // 0x05 means 0xE5, which would mean "deleted".
            let letters = (bytes[0] == 5 ? [0xE5] : [bytes[0]]) + bytes.dropFirst()
            func trimmed(_ part: ArraySlice<UInt8>) -> String {
                let text = part.reversed().drop { $0 == 0x20 }.reversed()
                return String(String.UnicodeScalarView(text.map { Unicode.Scalar($0) }))
            }
            let (base, suffix) = (trimmed(letters[..<8]), trimmed(letters[8...]))
            return suffix.isEmpty ? base : "\(base).\(suffix)"
        }
    }
}
