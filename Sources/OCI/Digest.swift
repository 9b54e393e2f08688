internal import Extents
internal import FoundationEssentials

/// A content digest (image-spec, descriptor.md#digests). Only sha256 is accepted; a value cannot hold anything else.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public let hex: String

    /// Reads `sha256:<64 lower-case hexadecimal digits>`; nil for anything else.
    public init?(_ text: String) {
        guard text.hasPrefix("sha256:") else { return nil }
        self.init(sha256: String(text.dropFirst(7)))
    }

    public init?(sha256 hex: String) {
        let digits = hex.utf8
        guard digits.count == 64, digits.allSatisfy({ $0.isLowercaseHexDigit }) else {
            return nil
        }
        self.hex = hex
    }

    /// - Parameter bytes: the 32 bytes of a SHA-256.
    public init(sha256 bytes: [UInt8]) {
        precondition(bytes.count == 32, "a SHA-256 of \(bytes.count) bytes")
        hex = bytes.hex
    }

    public var description: String { "sha256:\(hex)" }
    /// The first 16 hexadecimal digits.
    public var short: String { String(hex.prefix(16)) }
}
