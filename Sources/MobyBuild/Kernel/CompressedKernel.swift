internal import Archive
internal import Extents
internal import MachineModel

/// Unpacks a kernel: a plain gzip file, or the payload of an x86 bzImage (kernel documentation, x86/boot, protocol 2.08
/// and later).
///
/// ```
/// 0x1f1  u8   setup_sects   the payload's base is (setup_sects + 1) * 512
/// 0x202  "HdrS"
/// 0x206  u16  version
/// 0x248  u32  payload_offset
/// 0x24c  u32  payload_length
/// ```
enum CompressedKernel {
    /// Changes whenever the unpacked bytes of a kernel do.
    static let version = 1

    private static let formats: [(magic: [UInt8], name: String)] = [
        ([0x1F, 0x8B], "gzip"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"), ([0x02, 0x21, 0x4C, 0x18], "LZ4"),
        ([0xFD, 0x37, 0x7A, 0x58], "XZ"),
        ([0x42, 0x5A, 0x68], "bzip2"), ([0x5D, 0x00, 0x00], "LZMA"), ([0x89, 0x4C, 0x5A], "LZO"),
    ]

    static func decompress(_ kernel: ExtentList, _ write: (UnsafeRawBufferPointer) throws -> Void) throws {
        let bytes = try ExtentReader.bytes(of: kernel, limit: 256 << 20)
        if format(of: bytes[...]) == "gzip" { return try Compression.decompress(kernel, write) }
        func number(at offset: Int, bytes count: Int) -> Int {
            (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        }
        guard bytes.count > 0x250, bytes[KernelFile.setupMagicOffset...].starts(with: KernelFile.setupMagic) else {
            throw BuildError("it is neither gzip nor an x86 bzImage")
        }
        guard number(at: 0x206, bytes: 2) >= 0x208 else {
            throw BuildError("its boot protocol is older than 2.08, which does not say where the payload is")
        }
        let start = (number(at: 0x1F1, bytes: 1) + 1) * 512 + number(at: 0x248, bytes: 4)
        let length = number(at: 0x24C, bytes: 4)
        guard start + length <= bytes.count else {
            throw BuildError("its payload of \(length) bytes at \(start) ends after the file, at \(bytes.count) bytes")
        }
        let payload = bytes[start..<start + length]
        // All but gzip, which has it in its own trailer, are followed by the plain size.
        switch format(of: payload) {
        case "gzip": try Compression.decompress(ExtentList([.bytes(Array(payload))]), write)
        case "zstd": try Compression.decompress(ExtentList([.bytes(Array(payload.dropLast(4)))]), write)
        case "LZ4", "XZ", "bzip2", "LZMA": try Compression.decompressForeign(payload.dropLast(4), write)
        case let other:
            throw BuildError(
                "its payload is \(other ?? "of an unknown format"); gzip, zstd, LZ4, XZ, bzip2 and LZMA can be unpacked"
            )
        }
    }

    private static func format(of bytes: ArraySlice<UInt8>) -> String? {
        formats.first { bytes.starts(with: $0.magic) }?.name
    }
}
