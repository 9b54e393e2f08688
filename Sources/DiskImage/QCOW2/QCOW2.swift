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
