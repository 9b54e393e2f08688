public import Extents

/// VMware's disk with compressed grains, as it is imported and exported (Virtual Disk Format 5.0, "Stream-Optimized
/// Compressed Sparse Extents"). Grains of 64 KiB, sectors of 512 bytes, all numbers little-endian.
///
/// Header, once at the start and once in the footer:
/// ```
///   0 "KDMV"             4 version 3           8 flags 0x30001        12 capacity u64 (sectors)
///  20 grain length u64 (sectors)              28 descriptor u64       36 its sectors u64
///  44 entries of a grain table u32            48 second directory u64 56 directory u64 (all ones at the start)
///  64 overhead u64      72 unclean u8         73 "\n \r\n"
///  77 compression u16 (1 deflate)             79 zeros up to 512
/// ```
/// The descriptor's text follows, from sector 128 on come markers: {lba u64, length u32, zlib data} is a grain;
/// {sectors u64, 0 u32, kind u32}, padded to a sector, announces a grain table (1), the grain directory (2) or the
/// footer (3); zeros end the stream (0).
public enum VMDK {
    static let magic: UInt32 = 0x564d_444b
    static let sector: UInt64 = 512
    static let grain: UInt64 = 65536
    static let tableEntries: UInt64 = 512
    static let descriptorSectors: UInt64 = 20
    static let overhead: UInt64 = 128
    static let directoryAtEnd = UInt64.max

    enum Marker: UInt32 { case endOfStream, grainTable, grainDirectory, footer }

    /// Hands on a disk as a stream-optimized VMDK file. Grains of zeros are not stored.
    /// - Parameters:
    ///   - disk: padded with zeros to 64 KiB.
    ///   - name: the file's name, which the descriptor repeats. Anything but ASCII without quotes becomes `_`.
    /// - Throws: `FileError`, `ExtentError`, `DiskImageError`, or what `write` throws.
    public static func writeStreamOptimized(
        _ disk: ExtentList, name: String, to write: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let capacity = disk.length.rounded(to: grain) / sector
        let descriptor = Descriptor(capacity: capacity, fileName: name, id: try ContentIdentity.bytes(of: disk))
        try withoutActuallyEscaping(write) { write in
            var stream = VMDKStream(capacity: capacity, write: write)
            try stream.begin(descriptor)
            let deflater = try BlockDeflater(windowBits: 15, limit: Int(grain) * 2)
            try BlockReader(disk, unit: Int(grain)).forEach { number, block in
                guard let bytes = deflater.deflate(block) else {
                    throw DiskImageError("a grain of \(block.count) bytes does not compress")
                }
                try stream.add(bytes, grain: number)
            }
            try stream.finish()
        }
    }

    static func header(capacity: UInt64, directoryAt directory: UInt64) -> [UInt8] {
        var header = ByteBuilder(reserving: 512)
        header.u32le(magic)
        header.u32le(3)
        header.u32le(0x30001)
        header.u64le(capacity)
        header.u64le(grain / sector)
        header.u64le(1)
        header.u64le(descriptorSectors)
        header.u32le(UInt32(tableEntries))
        header.u64le(0)
        header.u64le(directory)
        header.u64le(overhead)
        header.u8(0)
        header.append("\n \r\n".utf8)
        header.u16le(1)
        header.pad(to: 512)
        return header.bytes
    }
}
