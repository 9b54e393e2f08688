internal import CZlib
internal import Extents

/// A globally unique identifier as GPT stores it: the first three groups little-endian (UEFI 2.10, appendix A).
public struct GUID: Sendable, Hashable, CustomStringConvertible {
    /// 16 bytes as on disk.
    public let bytes: [UInt8]

    /// - Parameter bytes: 16 bytes as on disk.
    init(bytes: [UInt8]) {
        precondition(bytes.count == 16, "a GUID of \(bytes.count) bytes")
        self.bytes = bytes
    }

    /// From its text, e.g. `C12A7328-F81F-11D2-BA4B-00A0C93EC93B`; nil when it is none.
    public init?(_ text: String) {
        let digits = text.utf8.filter { $0 != 0x2D }
        guard digits.count == 32, digits.allSatisfy(\.isHexDigit) else { return nil }
        let plain = stride(from: 0, to: 32, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
        bytes = Self.swapped(plain)
    }

    /// One that follows from bytes that identify the disk and from what it is for: a version 8 UUID (RFC 9562, section
    /// 5.8) of a SHA-256.
    public init(identity: [UInt8], purpose: String) {
        var plain = Array(SHA256.hash(identity + [0] + Array(purpose.utf8)).prefix(16))
        plain[6] = plain[6] & 0x0F | 0x80
        plain[8] = plain[8] & 0x3F | 0x80
        bytes = Self.swapped(plain)
    }

    private static func swapped(_ bytes: [UInt8]) -> [UInt8] {
        Array(bytes[0..<4].reversed() + bytes[4..<6].reversed() + bytes[6..<8].reversed() + bytes[8...])
    }

    public var description: String {
        let digits = Self.swapped(bytes).map { (($0 < 16 ? "0" : "") + String($0, radix: 16)).uppercased() }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }
}

extension GUID {
    /// The type of an unused entry.
    static let none = GUID(bytes: [UInt8](repeating: 0, count: 16))
    public static let efiSystem = known("C12A7328-F81F-11D2-BA4B-00A0C93EC93B")
    public static let biosBoot = known("21686148-6449-6E6F-744E-656564454649")
    public static let linuxFileSystem = known("0FC63DAF-8483-4772-8E79-3D69D8477DE4")

    private static func known(_ text: String) -> GUID {
        guard let guid = GUID(text) else { preconditionFailure("'\(text)' is not a GUID") }
        return guid
    }
}

/// CRC-32 as of ISO 3309, by zlib.
enum CRC32 {
    static func of(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32_z(0, $0.baseAddress, $0.count)) }
    }
}
