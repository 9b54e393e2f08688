internal import DiskImage
public import Extents
internal import Glibc

/// New, empty disks for machines.
enum EmptyDisk {
    /// The formats that can be made here; QEMU uses the others when they exist.
    static let formats: [DiskFormat] = [.raw, .qcow2]

    static func create(_ path: String, _ format: DiskFormat, mebibytes: Int) throws {
        let size = UInt64(mebibytes) << 20
        switch format {
        case .raw:
            try ExtentWriter.write([], to: path)
            guard truncate(path, off_t(size)) == 0 else { throw FileError("grow", path) }
        case .qcow2:
            let header = qcow2(size: size)
            try ExtentWriter.write(header, to: path)
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

/// CDs that bring user data to a guest: ISO 9660 with Rock Ridge. Equal data, equal bytes.
public enum DataDisc {
    /// Some drivers refuse discs below 64 KiB.
    private static let least: UInt64 = 64 << 10

    /// LinuxKit's: one file, `config`.
    public static func image(config: [UInt8]) throws -> ExtentList { try image([("config", config)], label: "CONFIG") }

    /// cloud-init's NoCloud: `user-data` and `meta-data` on a volume called `CIDATA`.
    public static func image(userData: [UInt8], metaData: [UInt8]) throws -> ExtentList {
        try image([("user-data", userData), ("meta-data", metaData)], label: "CIDATA")
    }

    private static func image(_ files: [(name: String, content: [UInt8])], label: String) throws -> ExtentList {
        var image = try ISO9660.image(
            files.map { ISO9660.Entry($0.name, ExtentList(bytes: $0.content)) }, volumeID: label)
        image.pad(to: max(image.length, least))
        return image
    }
}

/// Files of this host that a disk image names. QEMU opens them, and the guest reads them: an image from elsewhere may
/// name any file that this user can read.
enum ForeignFiles {
    /// - Parameters:
    ///   - what: the option or role of the image, for messages.
    /// - Throws: ``RunError`` for an image that names other files, or cannot be looked at.
    static func check(_ path: String, _ format: DiskFormat, _ what: String) throws {
        let names: [String]
        do { names = try references(path, format) } catch let error as DiskImageError {
            throw RunError(
                "\(what) '\(PlainText.short(path))': \(error)",
                hint: "its references cannot be checked; if you trust the image, pass --allow-external")
        }
        guard !names.isEmpty else { return }
        let quoted = names.prefix(3).map { $0.isEmpty ? "another file" : "'\(PlainText.short($0))'" }.joined(
            separator: ", ")
        throw RunError(
            "\(what) '\(PlainText.short(path))' continues in \(quoted)\(names.count > 3 ? ", …" : ""), which the guest could then read",
            hint: "if that is intended, pass --allow-external")
    }

    /// Names in an image's header, as far as QEMU follows them: VHDX and VDI with parents are refused by QEMU itself.
    private static func references(_ path: String, _ format: DiskFormat) throws -> [String] {
        switch format {
        case .qcow2: try QCOW2.references(try ExtentList(file: path))
        case .vmdk: try VMDK.references(try ExtentList(file: path))
        case .vpc: try VHD.references(try ExtentList(file: path))
        case .raw, .vhdx, .vdi: []
        }
    }
}
