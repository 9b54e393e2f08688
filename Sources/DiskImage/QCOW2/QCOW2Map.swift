internal import Extents

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

    /// Where the entry of a disk's cluster is, in bytes from the start of the first L2 table. The cluster must lie in a
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
