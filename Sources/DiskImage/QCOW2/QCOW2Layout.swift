internal import Extents

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
