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
        guard digits.count == 64, digits.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            return nil
        }
        self.hex = hex
    }

    public var description: String { "sha256:\(hex)" }
    /// The first 16 hexadecimal digits.
    public var short: String { String(hex.prefix(16)) }
}
