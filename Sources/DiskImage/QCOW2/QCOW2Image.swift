public import Extents

extension QCOW2 {
    /// A qcow2 file that was read.
    public struct Image: Sendable {
        /// 2 or 3.
        public let version: UInt32
        /// Of the disk, in bytes.
        public let size: UInt64
        /// In bytes.
        public let clusterSize: UInt64
        public let snapshots: UInt32
        /// Name of the file with what is not stored here; nil when there is none.
        public let backingFile: String?
        /// Name of the file with all data, when this one holds none; empty when it does not say which.
        public let dataFile: String?
        /// Why the contents cannot be read here; nil when they can.
        public let obstacle: String?
        let file: ExtentList
        let l1Table: [UInt64]

        /// Whether there is no table to find the disk by.
        public var isHeadOnly: Bool { l1Table.isEmpty && size > 0 }
    }

    /// Names of other files that a program which opens this one opens as well.
    /// - Throws: as ``read(_:)``.
    public static func references(_ file: ExtentList) throws -> [String] {
        let image = try readHead(file)
        // A name of no bytes is no backing file for QEMU.
        return [image.backingFile.flatMap { $0.isEmpty ? nil : $0 }, image.dataFile].compactMap(\.self)
    }

    /// Reads header and L1 table.
    /// - Throws: `DiskImageError` for what is no qcow2 file or a damaged one; `FileError`, `ExtentError`.
    public static func read(_ file: ExtentList) throws -> Image { try read(file, withTable: true) }

    /// The header of a file that was cut short before its L1 table: of the disk nothing is found.
    /// - Throws: as ``read(_:)``.
    public static func readHead(_ file: ExtentList) throws -> Image { try read(file, withTable: false) }

    private static func read(_ file: ExtentList, withTable: Bool) throws -> Image {
        let header = try ByteView(file, at: 0, count: 72, "qcow2 header")
        guard try header.u32be(0) == magic else {
            throw DiskImageError("no qcow2 file: it does not start with 'QFI\\xfb'")
        }
        let version = try header.u32be(4)
        guard version == 2 || version == 3 else { throw DiskImageError("qcow2 version \(version), expected 2 or 3") }
        let bits = try header.u32be(20)
        guard (9...21).contains(bits) else {
            throw DiskImageError("qcow2: clusters of 2^\(bits) bytes, expected 2^9 to 2^21")
        }
        let size = try header.u64be(24)
        guard size <= UInt64(Int64.max) else { throw DiskImageError("qcow2: a disk of \(size) bytes") }
        let entries = UInt64(try header.u32be(36))
        let covered = UInt64(1) << (2 * bits - 3)
        guard entries >= size.divided(by: covered), entries <= 4 << 20 else {
            throw DiskImageError("qcow2: an L1 table of \(entries) entries for a disk of \(size) bytes")
        }
        let count = withTable ? Int(entries) : 0
        let table = try ByteView(file, at: withTable ? try header.u64be(40) : 0, count: count * 8, "qcow2 L1 table")
        return Image(
            version: version, size: size, clusterSize: 1 << bits, snapshots: try header.u32be(60),
            backingFile: try backingFile(file, header), dataFile: try dataFile(file, header, version),
            obstacle: try obstacle(file, header, version), file: file,
            l1Table: try (0..<count).map { try table.u64be($0 * 8) })
    }

    private static func backingFile(_ file: ExtentList, _ header: ByteView) throws -> String? {
        let offset = try header.u64be(8)
        guard offset > 0 else { return nil }
        let length = Int(try header.u32be(16))
        guard length <= 1023 else {
            throw DiskImageError("qcow2: a backing file's name of \(length) bytes, expected at most 1023")
        }
        return try ByteView(file, at: offset, count: length, "qcow2 backing file's name").text(0, length)
    }

    /// Incompatible feature 2: an external data file, whose name is a header extension of type 0x44415441.
    private static func dataFile(_ file: ExtentList, _ header: ByteView, _ version: UInt32) throws -> String? {
        guard version == 3 else { return nil }
        let fixed = try ByteView(file, at: 72, count: 32, "qcow2 header")
        guard try fixed.u64be(0) & 4 > 0 else { return nil }
        var position = UInt64(try fixed.u32be(28))
        let backing = try header.u64be(8)
        let end = backing > 0 ? backing : UInt64(1) << (try header.u32be(20))
        while position + 8 <= min(end, file.length) {
            let head = try ByteView(file, at: position, count: 8, "qcow2 header extension")
            let (kind, length) = (try head.u32be(0), UInt64(try head.u32be(4)))
            if kind == 0 || length > end { break }
            if kind == 0x4441_5441 {
                return try ByteView(file, at: position + 8, count: Int(length), "qcow2 data file's name").text(
                    0, Int(length))
            }
            position += 8 + length.rounded(to: 8)
        }
        return ""
    }

    private static func obstacle(_ file: ExtentList, _ header: ByteView, _ version: UInt32) throws -> String? {
        if try header.u64be(8) > 0 { return "the disk continues in a backing file" }
        if try header.u32be(32) > 0 { return "the disk is encrypted" }
        guard version == 3 else { return nil }
        if try dataFile(file, header, version) != nil { return "the disk's data is in another file" }
        let features = try ByteView(file, at: 72, count: 32, "qcow2 header").u64be(0)
        // Bits 0 (dirty) and 1 (corrupt) are about reference counts, which are not read.
        if features & ~3 > 0 { return "the disk uses features 0x\(String(features & ~3, radix: 16)), expected none" }
        return nil
    }
}
