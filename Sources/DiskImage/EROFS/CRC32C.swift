/// The cyclic redundancy check of Castagnoli (RFC 3720, appendix B.4), reflected polynomial 0x82F63B78.
enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x82F6_3B78 }
    }

    /// The register after some bytes, without the final inversion.
    static func register(_ bytes: some Sequence<UInt8>, from start: UInt32 = .max) -> UInt32 {
        bytes.reduce(start) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
    }
}
