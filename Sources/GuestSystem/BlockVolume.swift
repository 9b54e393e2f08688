internal import Glibc

/// The file system on a block device and its name, as the superblock has them. Only those that a root or user data come
/// on, or that user data mount:
///
/// ```
/// ext4     struct ext4_super_block at byte 1024: magic u16 53 EF at 56, UUID at 104, label of 16 at 120
/// erofs    struct erofs_super_block at byte 1024: magic u32 E2 E1 F5 E0, UUID at 48, label of 16 at 64
/// iso9660  primary volume descriptor (ECMA-119, 8.4) at byte 32768: 1, "CD001", label of 32 at 40, padded with spaces
/// udf      volume recognition (ECMA-167, 2/9) at byte 32768: 0, "BEA01"; the label is not read
/// vfat     boot sector: 55 AA at 510; behind the mark 28 or 29 at 38 a label of 11 at 43, for FAT32 at 66 and 71
/// ```
package struct BlockVolume: Equatable {
    /// As mount(2) takes it.
    package let type: String
    /// In lower case with dashes; empty for ISO 9660, which has none, and for FAT.
    package var uuid = ""
    package let label: String

    private init(_ type: String, uuid: String = "", label: ArraySlice<UInt8>) {
        (self.type, self.uuid) = (type, uuid)
        let end = label.lastIndex { $0 != 0x20 && $0 != 0 }
        self.label = end.map { String(decoding: label[...$0], as: UTF8.self) } ?? ""
    }

    /// Nil for a device with another file system, and for one that went away or has no medium.
    /// - Throws: when the device cannot be read.
    package init?(device path: String) throws(SystemError) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if file < 0, [ENOENT, ENXIO, ENODEV, ENOMEDIUM].contains(errno) { return nil }
        guard file >= 0 else { throw SystemError("opening", path) }
        defer { close(file) }
        try self.init { offset, count throws(SystemError) in
            var bytes = [UInt8](repeating: 0, count: count)
            let got = pread(file, &bytes, count, off_t(offset))
            if got < 0, errno != ENOMEDIUM { throw SystemError("reading", path) }
            return got == count ? bytes : nil
        }
    }

    /// - Parameter read: `count` bytes at an offset; nil when the device is shorter.
    package init?<Failure>(_ read: (_ offset: Int, _ count: Int) throws(Failure) -> [UInt8]?) throws(Failure) {
        if let bytes = try read(1024, 128), bytes.starts(with: [0xE2, 0xE1, 0xF5, 0xE0]) {
            self.init("erofs", uuid: Self.uuid(bytes[48..<64]), label: bytes[64..<80].prefix { $0 != 0 })
        } else if let bytes = try read(1024, 136), bytes[56] == 0x53, bytes[57] == 0xEF {
            self.init("ext4", uuid: Self.uuid(bytes[104..<120]), label: bytes[120..<136].prefix { $0 != 0 })
        } else if let bytes = try read(32768, 128), bytes.starts(with: [1] + Array("CD001".utf8)) {
            self.init("iso9660", label: bytes[40..<72])
        } else if let bytes = try read(32768, 6), bytes == [0] + Array("BEA01".utf8) {
            self.init("udf", label: [])
        } else if let bytes = try read(0, 512), let label = Self.fatLabel(bytes) {
            self.init("vfat", label: label)
        } else {
            return nil
        }
    }

    private static func uuid(_ bytes: ArraySlice<UInt8>) -> String {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }

    private static func fatLabel(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        guard bytes[510] == 0x55, bytes[511] == 0xAA else { return nil }
        for (mark, name, type) in [(38, 43, "FAT"), (66, 71, "FAT32")] where [0x28, 0x29].contains(bytes[mark]) {
            if bytes[(name + 11)...].starts(with: type.utf8) { return bytes[name..<(name + 11)] }
        }
        return nil
    }
}
