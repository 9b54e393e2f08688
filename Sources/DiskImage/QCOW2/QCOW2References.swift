internal import Extents

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
