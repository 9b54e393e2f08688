internal import Extents

/// Ids that formats want to be unique, derived from the bytes of a disk: the same disk has the same ids.
enum ContentIdentity {
    /// The first 16 bytes of the SHA-256 of the length and of every block of 64 KiB that is not zeros, with its number.
    /// - Throws: `FileError`, `ExtentError`.
    static func bytes(of disk: ExtentList) throws -> [UInt8] {
        let hash = SHA256()
        var number = ByteBuilder()
        number.u64le(disk.length)
        number.bytes.withUnsafeBytes { hash.update($0) }
        try BlockReader(disk, unit: 65536).forEach { index, block in
            withUnsafeBytes(of: index.littleEndian) { hash.update($0) }
            hash.update(block)
        }
        let digits = Array(hash.finalize().utf8.prefix(32))
        return stride(from: 0, to: 32, by: 2).map { value(digits[$0]) << 4 | value(digits[$0 + 1]) }
    }

    private static func value(_ digit: UInt8) -> UInt8 { digit < 58 ? digit - 48 : digit - 87 }
}
