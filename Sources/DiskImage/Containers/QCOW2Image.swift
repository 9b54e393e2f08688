public import Extents

extension QCOW2 {
    /// A qcow2 file that was read.
    public struct Image: Sendable {
        /// 2 or 3.
        public let version: UInt32
        /// Of the disk, in bytes.
        public let size: UInt64
        /// In bytes.
        public let clusterSize: UInt64
        public let snapshots: UInt32
        /// Name of the file with the data that are not stored here; nil when there is none.
        public let backingFile: String?
        /// Name of the file with all data, when this one holds none; empty when it does not say which.
        public let dataFile: String?
        /// Why the contents cannot be read here; nil when they can.
        public let obstacle: String?
        let file: ExtentList
        let l1Table: [UInt64]

        /// Whether the table of the disk is missing.
        public var isHeadOnly: Bool { l1Table.isEmpty && size > 0 }
    }

    /// Names of other files that a program which opens this one opens as well.
    /// - Throws: as ``read(_:)``.
    public static func references(_ file: ExtentList) throws -> [String] {
        let image = try readHead(file)
        // QEMU takes an empty name as no backing file.
        return [image.backingFile.flatMap { $0.isEmpty ? nil : $0 }, image.dataFile].compactMap(\.self)
    }

    /// Reads header and L1 table.
    /// - Throws: `DiskImageError` for anything but an intact qcow2 file; `FileError`, `ExtentError`.
    public static func read(_ file: ExtentList) throws -> Image { try read(file, withTable: true) }

    /// The header of a file that is truncated before its L1 table: none of the disk is found.
    /// - Throws: as ``read(_:)``.
    public static func readHead(_ file: ExtentList) throws -> Image { try read(file, withTable: false) }

    private static func read(_ file: ExtentList, withTable: Bool) throws -> Image {
        let header = try ByteView(file, at: 0, count: 72, "qcow2 header")
        guard try header.u32be(0) == magic else {
            throw DiskImageError("not a qcow2 file: it does not start with 'QFI\\xfb'")
        }
        let version = try header.u32be(4)
        guard version == 2 || version == 3 else { throw DiskImageError("qcow2 version \(version), expected 2 or 3") }
        let bits = try header.u32be(20)
        guard (9...21).contains(bits) else {
            throw DiskImageError("qcow2: clusters of 2^\(bits) bytes, expected 2^9 to 2^21")
        }
        let size = try header.u64be(24)
        guard size <= UInt64(Int64.max) else { throw DiskImageError("qcow2: a disk of \(size) bytes") }
        let entries = UInt64(try header.u32be(36))
        let covered = UInt64(1) << (2 * bits - 3)
        guard entries >= size.divided(by: covered), entries <= 4 << 20 else {
            throw DiskImageError("qcow2: an L1 table of \(entries) entries for a disk of \(size) bytes")
        }
        let count = withTable ? Int(entries) : 0
        let table = try ByteView(file, at: withTable ? try header.u64be(40) : 0, count: count * 8, "qcow2 L1 table")
        return Image(
            version: version, size: size, clusterSize: 1 << bits, snapshots: try header.u32be(60),
            backingFile: try backingFile(file, header), dataFile: try dataFile(file, header, version),
            obstacle: try obstacle(file, header, version), file: file,
            l1Table: try (0..<count).map { try table.u64be($0 * 8) })
    }

    private static func backingFile(_ file: ExtentList, _ header: ByteView) throws -> String? {
        let offset = try header.u64be(8)
        guard offset > 0 else { return nil }
        let length = Int(try header.u32be(16))
        guard length <= 1023 else {
            throw DiskImageError("qcow2: a backing file's name of \(length) bytes, expected at most 1023")
        }
        return try ByteView(file, at: offset, count: length, "qcow2 backing file's name").text(0, length)
    }

    /// Incompatible feature 2: an external data file, whose name is a header extension of type 0x44415441.
    private static func dataFile(_ file: ExtentList, _ header: ByteView, _ version: UInt32) throws -> String? {
        guard version == 3 else { return nil }
        let fixed = try ByteView(file, at: 72, count: 32, "qcow2 header")
        guard try fixed.u64be(0) & 4 > 0 else { return nil }
        var position = UInt64(try fixed.u32be(28))
        let backing = try header.u64be(8)
        let end = backing > 0 ? backing : UInt64(1) << (try header.u32be(20))
        while position + 8 <= min(end, file.length) {
            let head = try ByteView(file, at: position, count: 8, "qcow2 header extension")
            let (kind, length) = (try head.u32be(0), UInt64(try head.u32be(4)))
            if kind == 0 || length > end { break }
            if kind == 0x4441_5441 {
                return try ByteView(file, at: position + 8, count: Int(length), "qcow2 data file's name").text(
                    0, Int(length))
            }
            position += 8 + length.rounded(to: 8)
        }
        return ""
    }

    private static func obstacle(_ file: ExtentList, _ header: ByteView, _ version: UInt32) throws -> String? {
        if try header.u64be(8) > 0 { return "the disk continues in a backing file" }
        if try header.u32be(32) > 0 { return "the disk is encrypted" }
        guard version == 3 else { return nil }
        if try dataFile(file, header, version) != nil { return "the disk's data is in another file" }
        let features = try ByteView(file, at: 72, count: 32, "qcow2 header").u64be(0)
        // Bits 0 (dirty) and 1 (corrupt) are about reference counts, which are not read.
        if features & ~3 > 0 { return "the disk uses features 0x\(String(features & ~3, radix: 16)), expected none" }
        return nil
    }
}

/// Which parts of a disk have an L2 table.
struct QCOW2Map {
    /// Entries of the L1 table.
    let l1Count: UInt64
    /// The L1 indices that have a table, in order; the tables follow each other in the file.
    let slots: [UInt64]

    /// - Parameters:
    ///   - size: of the disk in bytes.
    ///   - runs: clusters with data, in order.
    init(size: UInt64, runs: [Range<UInt64>]) {
        let clusters = size.divided(by: QCOW2.cluster)
        l1Count = max(1, clusters.divided(by: QCOW2.entries))
        var slots: [UInt64] = []
        for run in runs {
            let (first, last) = (run.lowerBound / QCOW2.entries, (run.upperBound - 1) / QCOW2.entries)
            for slot in first...last where slots.last != slot { slots.append(slot) }
        }
        self.slots = slots
    }

    /// Where the entry of a disk's cluster is, in bytes from the start of the first L2 table. The cluster must be in a
    /// slot.
    func position(of cluster: UInt64) -> UInt64 {
        UInt64(index(of: cluster / QCOW2.entries)) * QCOW2.cluster + cluster % QCOW2.entries * 8
    }

    /// - Parameter first: the cluster of the file that the first L2 table is in.
    func l1Table(l2TablesAt first: UInt64) -> [UInt8] {
        var table = ByteBuilder(reserving: Int(l1Count) * 8)
        for (index, slot) in slots.enumerated() {
            table.pad(to: Int(slot) * 8)
            table.u64be((first + UInt64(index)) * QCOW2.cluster | QCOW2.usedOnce)
        }
        table.pad(to: Int(l1Count) * 8)
        return table.bytes
    }

    private func index(of slot: UInt64) -> Int {
        var (low, high) = (0, slots.count)
        while low < high {
            let middle = (low + high) / 2
            if slots[middle] < slot { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension QCOW2.Image {
    /// Hands on every cluster that is stored, where it is in the disk, in bytes, and whether it was compressed, in
    /// order; the last one may reach beyond the disk's end.
    /// - Throws: `DiskImageError` for a damaged file, or one whose contents are in another file; `FileError`, or what
    ///   `body` throws.
    public func forEachCluster(_ body: (UInt64, ExtentList, Bool) throws -> Void) throws {
        if let obstacle { throw DiskImageError("qcow2: \(obstacle)", hint: "convert it with 'qemu-img convert'") }
        var walk = Walk(image: self)
        let covered = clusterSize / 8 * clusterSize
        for (index, entry) in l1Table.enumerated() where entry & QCOW2.Image.offsetMask != 0 {
            let (start, overflow) = UInt64(index).multipliedReportingOverflow(by: covered)
            guard !overflow, start < size else { break }
            try walk.readTable(at: entry & QCOW2.Image.offsetMask, slot: UInt64(index), body)
        }
    }

    fileprivate static let offsetMask: UInt64 = 0x00ff_ffff_ffff_fe00

    private struct Walk {
        let image: QCOW2.Image
        /// Every table and cluster takes room in a file that is right, so that a small file cannot cause much work.
        private var budget: UInt64

        init(image: QCOW2.Image) {
            self.image = image
            budget = image.file.length / 512 + 1
        }

        mutating func readTable(
            at offset: UInt64, slot: UInt64, _ body: (UInt64, ExtentList, Bool) throws -> Void
        ) throws {
            try spend(image.clusterSize / 512)
            let count = image.clusterSize / 8
            let table = try ByteView(image.file, at: offset, count: Int(image.clusterSize), "qcow2 L2 table")
            for index in 0..<count {
                let entry = try table.u64be(Int(index) * 8)
                // Bit 0 of version 3: the cluster reads as zeros.
                guard entry & QCOW2.compressed > 0 || (entry & offsetMask > 0 && entry & 1 == 0) else { continue }
                let (start, overflow) = (slot * count + index).multipliedReportingOverflow(by: image.clusterSize)
                guard !overflow, start < image.size else { return }
                let isCompressed = entry & QCOW2.compressed > 0
                try body(start, isCompressed ? decompressed(entry) : plain(entry, at: start), isCompressed)
            }
        }

        private mutating func plain(_ entry: UInt64, at start: UInt64) throws -> ExtentList {
            try spend(image.clusterSize / 512)
            let offset = entry & offsetMask
            try check(offset)
            // The last cluster may end where the disk does.
            let end = min(offset + image.clusterSize, image.file.length)
            var cluster = image.file[offset..<end]
            cluster.extendMissing(to: min(image.clusterSize, image.size - start))
            cluster.pad(to: image.clusterSize)
            return cluster
        }

        private mutating func decompressed(_ entry: UInt64) throws -> ExtentList {
            try spend(1)
            let shift = UInt64(62 - (image.clusterSize.trailingZeroBitCount - 8))
            let offset = entry & (1 << shift - 1)
            let sectors = (entry & (1 << 62 - 1)) >> shift + 1
            try check(offset)
            let end = min(offset - offset % 512 + sectors * 512, image.file.length)
            let bytes = try ByteView(image.file, at: offset, count: Int(end - offset), "qcow2 cluster").bytes
            return ExtentList(
                bytes: try BlockInflater.inflate(
                    bytes, windowBits: -12, length: Int(image.clusterSize), "qcow2 cluster"))
        }

        private func check(_ offset: UInt64) throws {
            guard offset < image.file.length else {
                throw DiskImageError("qcow2: a cluster at byte \(offset) is beyond the end at \(image.file.length)")
            }
        }

        private mutating func spend(_ amount: UInt64) throws {
            guard budget >= amount else {
                throw DiskImageError("qcow2: the tables refer to more clusters than the file has")
            }
            budget -= amount
        }

        private var offsetMask: UInt64 { QCOW2.Image.offsetMask }
    }
}

/// The reference counts of a file, which count the clusters of their own table and blocks too.
struct QCOW2References {
    /// Clusters of the file, with the table and the blocks.
    let clusters: UInt64
    let blockCount: UInt64
    let tableClusters: UInt64

    /// - Parameter others: clusters of the file without refcount table and blocks.
    init(others: UInt64) {
        var (blocks, table): (UInt64, UInt64) = (0, 0)
        while true {
            let total = others + blocks + table
            let needed = total.divided(by: QCOW2.counts)
            let neededTable = needed.divided(by: QCOW2.entries)
            if (needed, neededTable) == (blocks, table) { break }
            (blocks, table) = (needed, neededTable)
        }
        (blockCount, tableClusters, clusters) = (blocks, table, others + blocks + table)
    }

    /// - Parameter first: the cluster of the file that the first block is in.
    func table(blocksAt first: UInt64) -> [UInt8] {
        var table = ByteBuilder(reserving: Int(blockCount) * 8)
        for index in 0..<blockCount { table.u64be((first + index) * QCOW2.cluster) }
        return table.bytes
    }

    /// All blocks, padded to whole clusters.
    func blocks(_ count: (_ cluster: UInt64) -> UInt16) -> ExtentList {
        var blocks = ByteBuilder(reserving: Int(clusters) * 2)
        for cluster in 0..<clusters { blocks.u16be(count(cluster)) }
        var list = ExtentList(bytes: blocks.bytes)
        list.pad(toMultipleOf: QCOW2.cluster)
        return list
    }
}
