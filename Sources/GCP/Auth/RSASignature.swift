internal import CCrypto

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2), by OpenSSL's libcrypto.
enum RSASignature {
    /// Whether a key can sign.
    /// - Parameter key: PEM, PKCS #8 or PKCS #1.
    /// - Throws: ``CredentialError``, which says nothing of the key.
    static func check(_ key: Secret) throws(CredentialError) { EVP_PKEY_free(try pair(key)) }

    /// - Parameter key: PEM, PKCS #8 or PKCS #1.
    /// - Throws: ``CredentialError``, which says nothing of the key.
    static func sign(_ bytes: [UInt8], key: Secret) throws(CredentialError) -> [UInt8] {
        let pair = try pair(key)
        defer { EVP_PKEY_free(pair) }
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var length = 0
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, pair) == 1,
            EVP_DigestSign(context, nil, &length, bytes, bytes.count) == 1
        else { throw CredentialError("the key cannot sign") }
        var signature = [UInt8](repeating: 0, count: length)
        guard EVP_DigestSign(context, &signature, &length, bytes, bytes.count) == 1 else { throw CredentialError("the key cannot sign") }
        return Array(signature.prefix(length))
    }

    /// The caller frees it.
    private static func pair(_ key: Secret) throws(CredentialError) -> OpaquePointer {
        // The default of OpenSSL for an encrypted key is to ask on the terminal: nobody is there.
        let refuse: @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = { _, _, _, _ in -1 }
        // The memory BIO keeps a pointer into the text: both calls happen while that holds.
        let read = Array(key.value.utf8).withUnsafeBytes { text in
            let source = BIO_new_mem_buf(text.baseAddress, Int32(clamping: text.count))
            defer { BIO_free(source) }
            return PEM_read_bio_PrivateKey(source, nil, refuse, nil)
        }
        guard let pair = read else {
            ERR_clear_error()
            throw CredentialError("the private key cannot be read", hint: "expected PEM in 'private_key'; make the key anew")
        }
        guard EVP_PKEY_get_base_id(pair) == EVP_PKEY_RSA else {
            EVP_PKEY_free(pair)
            throw CredentialError("the private key is no RSA key", hint: "make the key anew in the console")
        }
        return pair
    }
}
