public import Extents

extension QCOW2.Image {
    /// The disk's bytes: what is stored plainly as ranges of the file, what is compressed in memory.
    /// - Parameter limit: of decompressed bytes.
    /// - Throws: `DiskImageError` for a damaged file, or one whose contents lie elsewhere; `ExtentError.tooLong`; `FileError`.
    public func contents(limit: UInt64 = 64 << 20) throws -> ExtentList {
        if let obstacle { throw DiskImageError("qcow2: \(obstacle)", hint: "convert it with 'qemu-img convert'") }
        var walk = Walk(image: self, limit: limit)
        for (index, entry) in l1Table.enumerated() where entry & QCOW2.Image.offsetMask != 0 {
            guard walk.disk.length < size else { break }
            try walk.addTable(at: entry & QCOW2.Image.offsetMask, slot: UInt64(index))
        }
        walk.disk.pad(to: max(size, walk.disk.length))
        return walk.disk[0..<size]
    }

    fileprivate static let offsetMask: UInt64 = 0x00ff_ffff_ffff_fe00

    private struct Walk {
        let image: QCOW2.Image
        let limit: UInt64
        var disk = ExtentList()
        private var decompressed: UInt64 = 0
        /// Every table and cluster takes room in a file that is right, so that a small file cannot cause much work.
        private var budget: UInt64

        init(image: QCOW2.Image, limit: UInt64) {
            (self.image, self.limit) = (image, limit)
            budget = image.file.length / 512 + 1
        }

        mutating func addTable(at offset: UInt64, slot: UInt64) throws {
            try spend(image.clusterSize / 512)
            let count = image.clusterSize / 8
            let table = try ByteView(image.file, at: offset, count: Int(image.clusterSize), "qcow2 L2 table")
            for index in 0..<count {
                let entry = try table.u64be(Int(index) * 8)
                // Bit 0 of version 3: the cluster reads as zeros.
                guard entry & QCOW2.compressed > 0 || (entry & offsetMask > 0 && entry & 1 == 0) else { continue }
                let (start, overflow) = (slot * count + index).multipliedReportingOverflow(by: image.clusterSize)
                guard !overflow, start < image.size else { return }
                disk.pad(to: start)
                try addCluster(entry)
            }
        }

        private mutating func addCluster(_ entry: UInt64) throws {
            if entry & QCOW2.compressed > 0 { return try addCompressed(entry) }
            try spend(image.clusterSize / 512)
            let offset = entry & offsetMask
            try check(offset)
            // The last cluster may be cut short.
            let end = min(offset + image.clusterSize, image.file.length)
            disk.append(image.file[offset..<end])
            disk.append(.hole(image.clusterSize - (end - offset)))
        }

        private mutating func addCompressed(_ entry: UInt64) throws {
            try spend(1)
            decompressed += image.clusterSize
            guard decompressed <= limit else { throw ExtentError.tooLong(length: decompressed, limit: limit) }
            let shift = UInt64(62 - (image.clusterSize.trailingZeroBitCount - 8))
            let offset = entry & (1 << shift - 1)
            let sectors = (entry & (1 << 62 - 1)) >> shift + 1
            try check(offset)
            let end = min(offset - offset % 512 + sectors * 512, image.file.length)
            let bytes = try ByteView(image.file, at: offset, count: Int(end - offset), "qcow2 cluster").bytes
            disk.append(.bytes(try BlockInflater.inflate(bytes, windowBits: -12, length: Int(image.clusterSize), "qcow2 cluster")))
        }

        private func check(_ offset: UInt64) throws {
            guard offset < image.file.length else {
                throw DiskImageError("qcow2: a cluster at byte \(offset), the file ends at \(image.file.length)")
            }
        }

        private mutating func spend(_ amount: UInt64) throws {
            guard budget >= amount else { throw DiskImageError("qcow2: the tables name more clusters than the file has") }
            budget -= amount
        }

        private var offsetMask: UInt64 { QCOW2.Image.offsetMask }
    }
}
