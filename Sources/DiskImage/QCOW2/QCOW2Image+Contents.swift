public import Extents

extension QCOW2.Image {
    /// The disk's bytes: what is stored plainly as ranges of the file, what is compressed in memory.
    /// - Parameter limit: of decompressed bytes.
    /// - Throws: `DiskImageError` for a damaged file, or one whose contents lie elsewhere; `ExtentError.tooLong`;
    ///   `FileError`.
    public func contents(limit: UInt64 = 64 << 20) throws -> ExtentList {
        var disk = ExtentList()
        var decompressed: UInt64 = 0
        try forEachCluster { start, cluster, isCompressed in
            if isCompressed { decompressed += clusterSize }
            guard decompressed <= limit else { throw ExtentError.tooLong(length: decompressed, limit: limit) }
            disk.pad(to: start)
            disk.append(cluster)
        }
        disk.pad(to: max(size, disk.length))
        return disk[0..<size]
    }

    /// Hands on every cluster that is stored, where it is in the disk, in bytes, and whether it was compressed, in
    /// order; the last one may reach beyond the disk's end.
    /// - Throws: as ``contents(limit:)``, or what `body` throws.
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
                throw DiskImageError("qcow2: a cluster at byte \(offset), the file ends at \(image.file.length)")
            }
        }

        private mutating func spend(_ amount: UInt64) throws {
            guard budget >= amount else {
                throw DiskImageError("qcow2: the tables name more clusters than the file has")
            }
            budget -= amount
        }

        private var offsetMask: UInt64 { QCOW2.Image.offsetMask }
    }
}
