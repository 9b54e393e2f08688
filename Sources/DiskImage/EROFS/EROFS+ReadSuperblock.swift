internal import Extents

extension EROFS.Superblock {
    /// Reads and checks the superblock of an image.
    init(of image: ExtentList) throws {
        let start = UInt64(EROFS.superblockOffset)
        guard image.length >= start + UInt64(Self.length) else {
            throw DiskImageError(
                "\(image.length) bytes are no EROFS image", hint: "a superblock would end at byte \(start + UInt64(Self.length))")
        }
        let bytes = ByteView(try image.bytes(at: start, count: Self.length), "EROFS superblock")
        let magic = try bytes.u32le(0)
        guard magic == Self.magic else {
            throw DiskImageError("no EROFS image: the number at byte 1024 is \(hexadecimal(magic)), expected \(hexadecimal(Self.magic))")
        }
        let bits = try bytes.u8(12)
        guard bits == EROFS.blockBits else {
            throw DiskImageError("EROFS image: blocks of 2^\(bits) bytes, expected \(EROFS.blockSize) bytes")
        }
        if try bytes.u32le(8) & 1 != 0 { try Self.check(image, bytes) }
        incompatible = EROFS.Features(rawValue: try bytes.u32le(80))
        let unknown = incompatible.subtracting([.zeroPadding, .configurations, .chunkedFiles])
        guard unknown.isEmpty else {
            throw DiskImageError("EROFS image: it needs \(Self.names(of: unknown)), which is not read here")
        }
        rootNode = try bytes.u16le(14)
        inodes = try bytes.u64le(16)
        time = Int64(bitPattern: try bytes.u64le(24))
        blocks = try bytes.u32le(36)
        metaBlock = try bytes.u32le(40)
        attributeBlock = try bytes.u32le(44)
        uuid = try bytes.slice(48, 16)
        label = try String(decoding: bytes.slice(64, 16).prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Of incompatible features (fs/erofs/erofs_fs.h).
    private static func names(of features: EROFS.Features) -> String {
        let known = [
            "zero padding", "cluster settings", "chunks", "more devices or algorithms", "tail packing", "fragments", "name prefixes",
            "48-bit blocks", "a metadata file",
        ]
        let names = (0..<32).filter { features.rawValue & 1 << $0 != 0 }.map { $0 < known.count ? known[$0] : "feature \($0)" }
        return names.joined(separator: ", ")
    }

    private static func check(_ image: ExtentList, _ bytes: ByteView) throws {
        let count = EROFS.blockSize - EROFS.superblockOffset
        guard image.length >= UInt64(EROFS.blockSize) else { throw DiskImageError("EROFS image: \(image.length) bytes, less than a block") }
        var block = try image.bytes(at: UInt64(EROFS.superblockOffset), count: count)
        for index in 4..<8 { block[index] = 0 }
        let found = CRC32C.register(block)
        let expected = try bytes.u32le(4)
        guard found == expected else {
            throw DiskImageError(
                "EROFS image: the check sum of the superblock is \(hexadecimal(found)), expected \(hexadecimal(expected))",
                hint: "the image is damaged")
        }
    }
}

private func hexadecimal(_ number: UInt32) -> String { "0x" + String(number, radix: 16) }
