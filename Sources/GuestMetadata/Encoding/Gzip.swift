/// Gzip files (RFC 1952), decompressed in memory.
enum Gzip {
    static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// `bytes`, decompressed when they are a gzip file.
    static func expanded(_ bytes: [UInt8], of subject: String) throws(MetadataError) -> [UInt8] {
        guard isGzip(bytes) else { return bytes }
        do throws(InflateError) {
            return try decompress(bytes, limit: Finding.longest)
        } catch {
            throw MetadataError("\(subject): \(error.reason)")
        }
    }

    static func decompress(_ bytes: [UInt8], limit: Int) throws(InflateError) -> [UInt8] {
        guard bytes.count >= 18, bytes[2] == 8 else { throw InflateError(reason: "malformed gzip header") }
        var offset = 10
        let flags = bytes[3]
        if flags & 4 != 0 { offset += 2 + Int(bytes[offset]) + Int(bytes[offset + 1]) << 8 }
        // The file's name and a comment, each with a zero at its end.
        for flag in [UInt8(8), 16] where flags & flag != 0 {
            while offset < bytes.count, bytes[offset] != 0 { offset += 1 }
            offset += 1
        }
        if flags & 2 != 0 { offset += 2 }
        guard offset <= bytes.count - 8 else { throw InflateError(reason: "malformed gzip header") }
        var inflate = Inflate(bytes[offset...], limit: limit)
        let text = try inflate.run()
        let trailer = bytes[inflate.end...]
        guard trailer.count >= 8 else { throw InflateError(reason: "gzip data end early") }
        let words = [0, 4].map { start in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(trailer[trailer.startIndex + start + $1]) << UInt32(8 * $1) }
        }
        guard words[0] == crc(text), words[1] == UInt32(truncatingIfNeeded: text.count) else {
            throw InflateError(reason: "gzip checksum mismatch")
        }
        return text
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        let table = (0..<256).map { (index: UInt32) in
            (0..<8).reduce(index) { (value, _) in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
        }
        return ~bytes.reduce(~UInt32(0)) { $0 >> 8 ^ table[Int(($0 ^ UInt32($1)) & 0xFF)] }
    }
}
