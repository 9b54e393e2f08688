internal import Glibc

/// Which file system a block device holds, and what it is called. Only those that discs of user data have.
struct VolumeLabel: Equatable {
    /// As mount(2) wants it.
    var type: String
    var label: String

    /// - Parameter read: bytes at an offset, fewer when the device ends.
    init?(_ read: (_ offset: Int, _ count: Int) -> [UInt8]) {
        if let label = Self.disc(read(16 * 2048, 72)) {
            self.init(type: "iso9660", label: label)
        } else if let label = Self.fat(read(0, 512)) {
            self.init(type: "vfat", label: label)
        } else {
            return nil
        }
    }

    private init(type: String, label: String) {
        self.type = type
        self.label = label
    }

    /// Nil for a device that cannot be read or has neither.
    init?(device path: String) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        self.init { offset, count in
            var bytes = [UInt8](repeating: 0, count: count)
            let got = pread(file, &bytes, count, off_t(offset))
            return Array(bytes.prefix(max(got, 0)))
        }
    }

    /// The primary volume descriptor of ISO 9660 (ECMA-119, 8.4): type 1 and `CD001`, the volume's name in 40…71.
    private static func disc(_ bytes: [UInt8]) -> String? {
        guard bytes.count == 72, bytes[0] == 1, bytes[1..<6].elementsEqual("CD001".utf8) else { return nil }
        return Text.trimmed(bytes[40..<72])
    }

    /// A FAT boot sector: 55 AA at its end; with the mark 28 or 29 at 38 a name of eleven bytes at 43, with FAT32 at 66 and 71.
    private static func fat(_ bytes: [UInt8]) -> String? {
        guard bytes.count == 512, bytes[510] == 0x55, bytes[511] == 0xAA else { return nil }
        if [0x28, 0x29].contains(bytes[38]), bytes[54..<57].elementsEqual("FAT".utf8) { return Text.trimmed(bytes[43..<54]) }
        if [0x28, 0x29].contains(bytes[66]), bytes[82..<87].elementsEqual("FAT32".utf8) { return Text.trimmed(bytes[71..<82]) }
        return nil
    }
}
