internal import CCrypto

/// An RSA key with its certificate.
public final class SigningKey: @unchecked Sendable {
    // Both are only read after they were made, which libcrypto allows from several threads.
    private let key: OpaquePointer
    private let x509: OpaquePointer
    /// The certificate, its issuer and its serial number, each as DER.
    let certificate: [UInt8]
    let issuer: [UInt8]
    let serialNumber: [UInt8]

    /// - Parameters:
    ///   - key: PEM of an RSA key without a passphrase.
    ///   - certificate: PEM.
    /// - Throws: `DiskImageError` when they are none, or do not belong together.
    public init(key: [UInt8], certificate: [UInt8]) throws {
        guard let key = Self.read(key, { PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in 0 }, nil) }) else {
            throw DiskImageError(
                "not a private key in PEM", hint: "openssl rsa -in KEY -out PLAIN.pem removes a passphrase")
        }
        self.key = key
        guard let x509 = Self.read(certificate, { PEM_read_bio_X509($0, nil, nil, nil) }) else {
            EVP_PKEY_free(key)
            throw DiskImageError(
                "not a certificate in PEM", hint: "openssl x509 -inform DER -in CERT -out CERT.pem converts it")
        }
        self.x509 = x509
        self.certificate = Self.der { i2d_X509(x509, $0) }
        issuer = Self.der { i2d_X509_NAME(X509_get_issuer_name(x509), $0) }
        serialNumber = Self.der { i2d_ASN1_INTEGER(X509_get0_serialNumber(x509), $0) }
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA else {
            throw DiskImageError(
                "the signing key is not an RSA key", hint: "UEFI accepts RSA keys of 2048 bits or more")
        }
        guard X509_check_private_key(x509, key) == 1 else {
            throw DiskImageError(
                "the signing key does not belong to the certificate", hint: "give the two that were made together")
        }
    }

    deinit {
        EVP_PKEY_free(key)
        X509_free(x509)
    }

    /// The PKCS #1 signature of the SHA-256 of bytes.
    func signature(of bytes: [UInt8]) throws -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: Int(EVP_PKEY_get_size(key)))
        var length = signature.count
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &signature, &length, bytes, bytes.count) == 1
        else { throw DiskImageError("libcrypto could not sign with the key") }
        return Array(signature.prefix(length))
    }

    private static func read<Value>(_ bytes: [UInt8], _ body: (OpaquePointer?) -> Value?) -> Value? {
        defer { ERR_clear_error() }
        return bytes.withUnsafeBytes { buffer in
            let memory = BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count))
            defer { BIO_free(memory) }
            return memory == nil ? nil : body(memory)
        }
    }

    private static func der(_ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max(0, Int(encode(nil))))
        bytes.withUnsafeMutableBufferPointer { buffer in
            var end = buffer.baseAddress
            _ = encode(&end)
        }
        return bytes
    }
}
