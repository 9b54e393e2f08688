internal import CCrypto
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

/// An incremental SHA-256 (FIPS 180-4), by OpenSSL's libcrypto.
public final class SHA256 {
    private let context = EVP_MD_CTX_new()

    public init() {
        precondition(EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1, "libcrypto has no SHA-256")
    }

    deinit { EVP_MD_CTX_free(context) }

    public func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// The digest: 32 bytes. Nothing can be added afterwards.
    public func finalize() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &digest, nil)
        return digest
    }

    /// The digest of bytes in memory: 32 bytes.
    public static func hash(_ bytes: [UInt8]) -> [UInt8] {
        let hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.finalize()
    }
}

extension Sequence<UInt8> {
    /// Two lower-case hexadecimal digits for each byte.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// The expected checksum of a file of a cache.
public struct FileChecksum: Sendable {
    let crc32c: UInt32
    let isWrong: @Sendable () throws -> Void

    /// - Parameters:
    ///   - crc32c: of the whole file.
    ///   - isWrong: called when it is another, e.g. to remove the file; then reading ends with `ExtentError.damaged`.
    public init(crc32c: UInt32, isWrong: @escaping @Sendable () throws -> Void) {
        self.crc32c = crc32c
        self.isWrong = isWrong
    }
}
