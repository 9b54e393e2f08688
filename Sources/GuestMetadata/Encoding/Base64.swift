/// RFC 4648, section 4.
enum Base64 {
    /// White space is skipped; padding may be missing.
    /// - Parameter subject: for the message.
    static func decode(_ text: String, of subject: String) throws(MetadataError) -> [UInt8] {
        var (bytes, bits, count): ([UInt8], UInt32, Int) = ([], 0, 0)
        var hasEnded = false
        for byte in text.utf8 {
            if [0x20, 0x09, 0x0A, 0x0D].contains(byte) { continue }
            if byte == UInt8(ascii: "=") {
                hasEnded = true
                continue
            }
            guard let value = value(byte), !hasEnded else { throw MetadataError("\(subject): invalid Base64") }
            (bits, count) = (bits << 6 | value, count + 1)
            if count == 4 {
                bytes += [UInt8(bits >> 16 & 0xFF), UInt8(bits >> 8 & 0xFF), UInt8(bits & 0xFF)]
                (bits, count) = (0, 0)
            }
        }
        switch count {
        case 0: break
        case 2: bytes.append(UInt8(bits >> 4 & 0xFF))
        case 3: bytes += [UInt8(bits >> 10 & 0xFF), UInt8(bits >> 2 & 0xFF)]
        default: throw MetadataError("\(subject): Base64 ends in the middle of a byte")
        }
        return bytes
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
