public import Extents

/// QEMU's disk format, version 3 (qemu, docs/interop/qcow2.txt). Clusters of 64 KiB, 16-bit reference counts, all
/// numbers big-endian.
///
/// Header:
/// ```
///   0 "QFI\xfb"          4 version 3            8 backing file u64      16 backing name u32     20 cluster bits u32
///  24 size u64          32 encryption u32      36 L1 entries u32       40 L1 table u64         48 refcount table u64
///  56 its clusters u32  60 snapshots u32       64 snapshots u64        72 incompatible u64     80 compatible u64
///  88 autoclear u64     96 refcount order u32 100 header length u32
/// ```
/// An L1 entry is the offset of an L2 table, an L2 entry that of a cluster, both with bit 63 when it is used once; 0 is
/// not stored. An L2 entry with bit 62 is compressed: below bit 54 the offset in bytes, above it how many further
/// sectors of 512 bytes the data touches.
public enum QCOW2 {
    static let magic: UInt32 = 0x5146_49fb
    static let clusterBits: UInt32 = 16
    static let cluster: UInt64 = 1 << 16
    static let headerLength = 104
    /// Entries of a table that fills a cluster.
    static let entries = cluster / 8
    /// Counts of a refcount block.
    static let counts = cluster / 2
    static let usedOnce: UInt64 = 1 << 63
    static let compressed: UInt64 = 1 << 62

    /// A disk as a qcow2 file: header, refcount table, refcount blocks, L1 table, L2 tables, data. Holes that fill a
    /// cluster are not stored.
    /// - Parameter disk: padded with zeros to 512 bytes.
    public static func encode(_ disk: ExtentList) -> ExtentList {
        let layout = Layout(disk)
        var file = ExtentList(bytes: layout.header.bytes)
        file.pad(to: layout.refcountTable * cluster)
        file.append(.bytes(layout.references.table(blocksAt: layout.refcountBlocks)))
        file.pad(to: layout.refcountBlocks * cluster)
        file.append(layout.references.blocks { _ in 1 })
        file.pad(to: layout.l1Table * cluster)
        file.append(.bytes(layout.map.l1Table(l2TablesAt: layout.l2Tables)))
        file.pad(to: layout.l2Tables * cluster)
        file.append(l2Tables(layout))
        for run in layout.runs { file.append(disk.blocks(run, of: cluster)) }
        return file
    }

    /// All L2 tables; the data clusters follow each other in the file.
    private static func l2Tables(_ layout: Layout) -> ExtentList {
        var tables = ExtentList()
        var host = layout.data
        for run in layout.runs {
            tables.pad(to: layout.map.position(of: run.lowerBound))
            var entries = ByteBuilder(reserving: run.count * 8)
            for _ in run {
                entries.u64be(host * cluster | usedOnce)
                host += 1
            }
            tables.append(.bytes(entries.bytes))
        }
        tables.pad(to: UInt64(layout.map.slots.count) * cluster)
        return tables
    }
}

extension QCOW2 {
    /// Where the parts of a file without compression are; numbers are clusters of the file.
    struct Layout {
        let size: UInt64
        /// Clusters of the disk that are stored.
        let runs: [Range<UInt64>]
        let map: QCOW2Map
        let references: QCOW2References
        let refcountTable: UInt64 = 1
        let refcountBlocks: UInt64
        let l1Table: UInt64
        let l2Tables: UInt64
        let data: UInt64

        init(_ disk: ExtentList) {
            size = disk.length.rounded(to: 512)
            runs = disk.dataBlocks(of: QCOW2.cluster)
            map = QCOW2Map(size: size, runs: runs)
            let l1Clusters = (map.l1Count * 8).divided(by: QCOW2.cluster)
            let stored = runs.reduce(0) { $0 + UInt64($1.count) }
            references = QCOW2References(others: 1 + l1Clusters + UInt64(map.slots.count) + stored)
            refcountBlocks = refcountTable + references.tableClusters
            l1Table = refcountBlocks + references.blockCount
            l2Tables = l1Table + l1Clusters
            data = l2Tables + UInt64(map.slots.count)
        }

        var header: ByteBuilder {
            QCOW2.header(size: size, map: map, l1Table: l1Table, references: references, refcountTable: refcountTable)
        }
    }

    /// - Parameters:
    ///   - l1Table: the cluster of the file where the L1 table starts.
    ///   - refcountTable: the same of the refcount table.
    static func header(
        size: UInt64, map: QCOW2Map, l1Table: UInt64, references: QCOW2References, refcountTable: UInt64
    ) -> ByteBuilder {
        var header = ByteBuilder(reserving: headerLength)
        header.u32be(magic)
        header.u32be(3)
        header.fill(12)
        header.u32be(clusterBits)
        header.u64be(size)
        header.u32be(0)
        header.u32be(UInt32(map.l1Count))
        header.u64be(l1Table * cluster)
        header.u64be(refcountTable * cluster)
        header.u32be(UInt32(references.tableClusters))
        header.fill(36)
        header.u32be(4)
        header.u32be(UInt32(headerLength))
        return header
    }
}

extension QCOW2 {
    /// Writes a disk with compressed clusters (deflate): data, L2 tables, L1 table, refcount blocks, refcount table;
    /// the header is written last, over zeros. Clusters that do not become smaller are stored as they are, clusters of
    /// zeros not at all.
    /// - Parameter disk: padded with zeros to 512 bytes.
    /// - Throws: `FileError`, `ExtentError`, `DiskImageError`.
    public static func writeCompressed(_ disk: ExtentList, to sink: inout FileSink) throws {
        let size = disk.length.rounded(to: 512)
        let map = QCOW2Map(size: size, runs: disk.dataBlocks(of: cluster))
        var clusters = CompressedClusters(start: sink.written)
        try sink.write([UInt8](repeating: 0, count: Int(cluster)))
        try clusters.write(disk, to: &sink)

        let l2Tables = try clusters.align(&sink)
        try ExtentReader.read(clusters.l2Tables(map)) { try sink.write($0) }
        let l1Table = l2Tables + UInt64(map.slots.count)
        try sink.write(map.l1Table(l2TablesAt: l2Tables))
        let refcountBlocks = try clusters.align(&sink)
        let references = QCOW2References(others: refcountBlocks)
        try ExtentReader.read(references.blocks { clusters.count(of: $0, metadataFrom: l2Tables) }) {
            try sink.write($0)
        }
        try sink.write(references.table(blocksAt: refcountBlocks))
        let refcountTable = refcountBlocks + references.blockCount
        _ = try clusters.align(&sink)
        let header = header(
            size: size, map: map, l1Table: l1Table, references: references, refcountTable: refcountTable)
        try sink.overwrite(header.bytes, at: clusters.start)
    }
}
