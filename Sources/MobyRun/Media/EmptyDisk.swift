internal import Extents
internal import Glibc

/// New, empty disks for machines.
enum EmptyDisk {
    /// The formats that can be made here; QEMU uses the others when they exist.
    static let formats: [DiskFormat] = [.raw, .qcow2]

    static func create(_ path: String, _ format: DiskFormat, mebibytes: Int) throws {
        let size = UInt64(mebibytes) << 20
        switch format {
        case .raw:
            try StateFolder.write([], to: path)
            guard truncate(path, off_t(size)) == 0 else { throw FileError("grow", path) }
        case .qcow2:
            let header = qcow2(size: size)
            try StateFolder.write(header, to: path)
            let clusters = 3 + l1Clusters(size)
            guard truncate(path, off_t(clusters * clusterSize)) == 0 else { throw FileError("grow", path) }
        default: throw RunError("a new disk can be raw or qcow2, not \(format.rawValue)")
        }
    }

    private static let clusterSize: UInt64 = 65536

    /// One L2 table maps 8192 clusters of 64 KiB: 512 MiB of disk for each entry of the L1 table.
    private static func l1Entries(_ size: UInt64) -> UInt64 { (size + (512 << 20) - 1) / (512 << 20) }
    private static func l1Clusters(_ size: UInt64) -> UInt64 { (l1Entries(size) * 8 + clusterSize - 1) / clusterSize }

    /// An empty qcow2 version 3 (QEMU's docs/interop/qcow2.txt), up to where its last cluster that is not zero begins
    /// and ends.
    ///
    ///     cluster 0   header, 104 bytes
    ///     cluster 1   reference count table: one block, at cluster 2
    ///     cluster 2   reference count block: 1 for each cluster of this file
    ///     cluster 3…  L1 table: all zero, nothing is allocated
    private static func qcow2(size: UInt64) -> [UInt8] {
        var header: [UInt8] = []
        func u32(_ value: UInt64) {
            for shift in [24, 16, 8, 0] as [UInt64] { header.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        func u64(_ value: UInt64) {
            u32(value >> 32)
            u32(value & 0xFFFF_FFFF)
        }
        header += [0x51, 0x46, 0x49, 0xFB]  // "QFI\xfb"
        u32(3)
        u64(0)  // backing file: none
        u32(0)
        u32(16)  // cluster bits
        u64(size)
        u32(0)  // encryption: none
        u32(l1Entries(size))
        u64(3 * clusterSize)
        u64(clusterSize)
        u32(1)  // clusters of the reference count table
        u32(0)  // snapshots
        u64(0)
        u64(0)  // incompatible, compatible, automatically cleared features
        u64(0)
        u64(0)
        u32(4)  // reference counts of 16 bits
        u32(104)
        header += [UInt8](repeating: 0, count: Int(clusterSize) - header.count)
        u64(2 * clusterSize)
        header += [UInt8](repeating: 0, count: Int(2 * clusterSize) - header.count)
        for _ in 0..<(3 + l1Clusters(size)) { header += [0, 1] }
        return header
    }
}
