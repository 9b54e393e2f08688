internal import CZlib
internal import Extents

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

extension CheckSums {
    /// Of the blobs of an OCI image layout in a tar archive: each gets the name that its bytes demand, and whatever
    /// named it names it still.
    static func ofLayout(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let blobs = blobs(bytes)
        // Blobs name blobs: an index a manifest, that a configuration, that a lock.
        for _ in 0..<6 {
            var isStable = true
            for blob in blobs {
                let (name, actual) = (Array(bytes[blob.name]), Array(SHA256.hash(Array(bytes[blob.content])).hex.utf8))
                guard name != actual else { continue }
                isStable = false
                replace(name, by: actual, in: &bytes)
            }
            if isStable { break }
        }
        for start in headers(bytes) { sumHeader(at: start, &bytes) }
        return bytes
    }

    private static let prefix = Array("blobs/sha256/".utf8)

    /// Offsets of the headers of a tar archive (POSIX, ustar interchange format), as far as its sizes lead.
    private static func headers(_ bytes: [UInt8]) -> [Int] {
        var (offsets, position): ([Int], Int) = ([], 0)
        while position + 512 <= bytes.count, bytes[position] != 0 {
            offsets.append(position)
            let (sum, overflow) = position.addingReportingOverflow((512 + size(bytes, position) + 511) & ~511)
            guard !overflow else { break }
            position = sum
        }
        return offsets
    }

    private static func size(_ bytes: [UInt8], _ header: Int) -> Int {
        bytes[header + 124..<header + 135].filter { (0x30..<0x38).contains($0) }.reduce(0) { $0 << 3 | Int($1 & 7) }
    }

    private static func blobs(_ bytes: [UInt8]) -> [(name: Range<Int>, content: Range<Int>)] {
        headers(bytes).compactMap { header in
            let name = header + prefix.count..<header + prefix.count + 64
            let content = header + 512..<header + 512 + size(bytes, header)
            guard bytes[header...].starts(with: prefix), content.upperBound <= bytes.count else { return nil }
            return (name, content)
        }
    }

    private static func replace(_ old: [UInt8], by new: [UInt8], in bytes: inout [UInt8]) {
        guard let first = old.first, bytes.count >= old.count else { return }
        for start in 0...bytes.count - old.count where bytes[start] == first && bytes[start...].starts(with: old) {
            bytes.replaceSubrange(start..<start + old.count, with: new)
        }
    }

    private static func sumHeader(at start: Int, _ bytes: inout [UInt8]) {
        let field = start + 148..<start + 156
        bytes.replaceSubrange(field, with: [UInt8](repeating: 0x20, count: 8))
        let sum = bytes[start..<start + 512].reduce(0) { $0 + Int($1) }
        let digits = String(sum, radix: 8)
        let text = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        bytes.replaceSubrange(field, with: Array(text.utf8) + [0, 0x20])
    }
}
