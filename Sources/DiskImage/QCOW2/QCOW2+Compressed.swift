public import Extents

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

/// The data clusters of a file, packed as they come, and what must be known of them for the tables.
private struct CompressedClusters {
    /// Where the file starts in the sink.
    let start: UInt64
    private var entries: [(cluster: UInt64, entry: UInt64)] = []
    /// References by cluster of the file.
    private var counts: [UInt16] = [1]

    init(start: UInt64) { self.start = start }

    mutating func write(_ disk: ExtentList, to sink: inout FileSink) throws {
        let deflater = try BlockDeflater(windowBits: -12, limit: Int(QCOW2.cluster) - 1)
        var state = self
        try BlockReader(disk, unit: Int(QCOW2.cluster)).forEach { number, block in
            if let bytes = deflater.deflate(block) {
                let position = sink.written - state.start
                try sink.write(bytes)
                state.note(number, at: position, length: UInt64(bytes.count))
            } else {
                let host = try state.align(&sink)
                try sink.write(block)
                state.refer(to: host)
                state.entries.append((number, host * QCOW2.cluster | QCOW2.usedOnce))
            }
        }
        self = state
    }

    private mutating func note(_ number: UInt64, at position: UInt64, length: UInt64) {
        let last = position + length - 1
        for host in position / QCOW2.cluster...last / QCOW2.cluster { refer(to: host) }
        let sectors = last / 512 - position / 512
        entries.append((number, QCOW2.compressed | sectors << 54 | position))
    }

    private mutating func refer(to host: UInt64) {
        while counts.count <= host { counts.append(0) }
        counts[Int(host)] += 1
    }

    /// Pads to a cluster.
    /// - Returns: its number.
    func align(_ sink: inout FileSink) throws -> UInt64 {
        let length = sink.written - start
        let next = length.divided(by: QCOW2.cluster)
        try sink.write([UInt8](repeating: 0, count: Int(next * QCOW2.cluster - length)))
        return next
    }

    func count(of host: UInt64, metadataFrom first: UInt64) -> UInt16 {
        if host >= first { return 1 }
        return host < counts.count ? counts[Int(host)] : 0
    }

    func l2Tables(_ map: QCOW2Map) -> ExtentList {
        var tables = ExtentList()
        for (cluster, entry) in entries {
            tables.pad(to: map.position(of: cluster))
            withUnsafeBytes(of: entry.bigEndian) { tables.append(.bytes(Array($0))) }
        }
        tables.pad(to: UInt64(map.slots.count) * QCOW2.cluster)
        return tables
    }
}
