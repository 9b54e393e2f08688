internal import CZlib

/// Makes check sums right, so that what they guard is read.
enum CheckSums {
    /// Of the header at byte 512, and of the entries at byte 1024 when that is where they are (UEFI 2.10, section
    /// 5.3.2).
    static func ofGPT(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        guard bytes.count >= 1024 else { return bytes }
        let header = 512
        let length = UInt64(number(bytes, header + 80, 4)) * UInt64(number(bytes, header + 84, 4))
        let position = number(bytes, header + 72, 4)
        if (2...64).contains(position), length <= 1 << 16 {
            let start = Int(position) * 512
            let entries = (start..<start + Int(length)).map { $0 < bytes.count ? bytes[$0] : 0 }
            put(crc(entries[...]), &bytes, header + 88)
        }
        let size = Int(number(bytes, header + 12, 4))
        guard (92...512).contains(size) else { return bytes }
        put(0, &bytes, header + 16)
        put(crc(bytes[header..<header + size]), &bytes, header + 16)
        return bytes
    }

    /// Of the footer, and of the header of a dynamic disk: the complement of the sum of all other bytes.
    static func ofVHD(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        guard bytes.count >= 512 else { return bytes }
        let footer = bytes.count - 512
        complement(&bytes, footer..<footer + 512, at: footer + 64)
        let header = Int(number(bytes, footer + 20, 4).byteSwapped)
        if header <= bytes.count - 1024 { complement(&bytes, header..<header + 1024, at: header + 36) }
        return bytes
    }

    /// The flag that there is one, in the features of the superblock.
    static func withoutThatOfEROFS(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        if bytes.count > 1032 { bytes[1032] &= ~1 }
        return bytes
    }

    private static func number(_ bytes: [UInt8], _ position: Int, _ count: Int) -> UInt32 {
        bytes[position..<position + count].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func put(_ value: UInt32, _ bytes: inout [UInt8], _ position: Int) {
        for index in 0..<4 { bytes[position + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
    }

    private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32_z(0, $0.baseAddress, $0.count)) }
    }

    private static func complement(_ bytes: inout [UInt8], _ range: Range<Int>, at position: Int) {
        put(0, &bytes, position)
        put((~bytes[range].reduce(UInt32(0)) { $0 &+ UInt32($1) }).byteSwapped, &bytes, position)
    }
}
