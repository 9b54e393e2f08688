internal import Glibc

/// What a block device says about an EROFS file system on it (`struct erofs_super_block`, at byte 1024).
struct EROFSVolume: Equatable {
    /// In lower case with dashes.
    let uuid: String
    let label: String

    private static let offset = 1024
    private static let length = 128

    /// Nil for bytes that are no superblock.
    init?(superblock bytes: [UInt8]) {
        guard bytes.count >= Self.length, bytes[..<4].elementsEqual([0xE2, 0xE1, 0xF5, 0xE0]) else { return nil }
        let digits = bytes[48..<64].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        uuid = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
        label = String(decoding: bytes[64..<80].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Nil for a device without such a file system.
    init?(device path: String) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Self.length)
        guard pread(file, &bytes, bytes.count, off_t(Self.offset)) == bytes.count else { return nil }
        self.init(superblock: bytes)
    }
}
