internal import Extents

/// The data clusters of a file, packed as they come, and what must be known of them for the tables.
struct CompressedClusters {
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
