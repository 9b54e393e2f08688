internal import CCrypto
internal import Extents

/// A log's promise to publish a certificate, as a part of the certificate: a signed certificate timestamp (RFC 6962,
/// sections 3.2 and 3.3).
///
/// ```
/// u8 version 0, 32 id of the log, u64 time in ms, u16 length, extensions, u8 hash, u8 algorithm, u16 length, signature
/// ```
struct CertificatePromise: Sendable {
    /// SHA-256 of the log's key.
    let log: [UInt8]
    /// In milliseconds since 1970.
    let time: UInt64
    private let extensions: [UInt8]
    private let signature: [UInt8]

    /// The promises of an extension's value: a list within an octet string.
    /// - Returns: those in the version and with the hash that are known; none for a broken list.
    static func all(in value: [UInt8]) -> [CertificatePromise] {
        guard let (string, isWhole) = LibCrypto.decode(value, { d2i_ASN1_OCTET_STRING(nil, $0, $1) }) else { return [] }
        defer { ASN1_OCTET_STRING_free(string) }
        var rest = PromiseReader(Certificate.bytes(OpaquePointer(string)))
        guard isWhole, var list = rest.takeVector().map({ PromiseReader($0) }), rest.isAtEnd else { return [] }
        var promises: [CertificatePromise] = []
        while !list.isAtEnd {
            guard let entry = list.takeVector() else { return [] }
            if let promise = CertificatePromise(entry) { promises.append(promise) }
        }
        return promises
    }

    private init?(_ bytes: [UInt8]) {
        var rest = PromiseReader(bytes)
        guard rest.number(1) == 0, let log = rest.take(32), let time = rest.number(8),
            let extensions = rest.takeVector(), let hash = rest.number(1), rest.number(1) != nil,
            let signature = rest.takeVector(), rest.isAtEnd, hash == 4
        else { return nil }
        (self.log, self.time, self.extensions, self.signature) = (log, time, extensions, signature)
    }

    /// Whether a log made this promise about a certificate.
    /// - Parameters:
    ///   - precertificate: what the log saw, see ``Certificate/precertificate``.
    ///   - issuer: whose key signed the certificate.
    func verifies(_ precertificate: [UInt8], by issuer: PublicKey, _ log: TrustedRoot.Log) -> Bool {
        guard precertificate.count < 1 << 24 else { return false }
        var signed = ByteBuilder()
        signed.append([0, 0])
        signed.append((0..<8).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * $0)) })
        signed.append([0, 1] + SHA256.hash(issuer.der))
        signed.append((0..<3).map { UInt8(truncatingIfNeeded: precertificate.count >> (16 - 8 * $0)) })
        signed.append(precertificate)
        signed.append([UInt8(extensions.count >> 8), UInt8(extensions.count & 0xFF)] + extensions)
        return log.key.verifies(signature, of: signed.bytes)
    }
}

extension Certificate {
    /// - Parameter issuers: one of them issued this certificate.
    /// - Throws: ``SignatureError`` when no log of the root has promised to publish it. A root without such logs demands
    ///   nothing.
    func checkPromises(_ root: TrustedRoot, issuers: [Certificate]) throws {
        guard !root.certificateLogs.isEmpty else { return }
        let precertificate = precertificate
        let isKept = promises.contains { promise in
            root.certificateLogs.contains { log in
                log.id == promise.log && log.period.contains(Int64(clamping: promise.time / 1000))
                    && issuers.contains { promise.verifies(precertificate, by: $0.publicKey, log) }
            }
        }
        guard isKept else {
            throw SignatureError("no log of the trusted root has promised to publish its certificate")
        }
    }

    private var promises: [CertificatePromise] {
        value(ofExtension: "1.3.6.1.4.1.11129.2.4.2").map(CertificatePromise.all) ?? []
    }

    /// What is signed of the certificate, without the promises (RFC 6962, section 3.2: the TBSCertificate).
    private var precertificate: [UInt8] {
        guard let copy = X509_dup(handle) else { return [] }
        defer { X509_free(copy) }
        let index = X509_get_ext_by_NID(copy, NID_ct_precert_scts, -1)
        if index >= 0 { X509_EXTENSION_free(X509_delete_ext(copy, index)) }
        return LibCrypto.encode { i2d_re_X509_tbs(copy, $0) }
    }
}

/// Reads numbers and vectors (RFC 8446, section 3); nothing is read past the end.
private struct PromiseReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ count: Int) -> [UInt8]? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func number(_ bytes: Int) -> UInt64? { take(bytes)?.reduce(0) { $0 << 8 | UInt64($1) } }

    /// With its length in two bytes.
    mutating func takeVector() -> [UInt8]? { number(2).flatMap { take(Int($0)) } }
}
