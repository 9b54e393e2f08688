internal import CLinux

/// The cyclic redundancy check of Castagnoli (RFC 3720, appendix B.4), reflected polynomial 0x82F63B78.
public struct CRC32C: Sendable {
    private var register = UInt32.max

    public init() {}

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        register = moby_crc32c(register, bytes.baseAddress, bytes.count)
    }

    /// The check of all bytes so far.
    public var value: UInt32 { ~register }

    /// The register after some bytes, without the final inversion.
    package static func register(_ bytes: some Sequence<UInt8>, from start: UInt32 = .max) -> UInt32 {
        bytes.withContiguousStorageIfAvailable { moby_crc32c(start, $0.baseAddress, $0.count) }
            ?? Array(bytes).withUnsafeBytes { moby_crc32c(start, $0.baseAddress, $0.count) }
    }

    /// The check of some bytes.
    public static func of(_ bytes: [UInt8]) -> UInt32 { ~register(bytes) }
}
