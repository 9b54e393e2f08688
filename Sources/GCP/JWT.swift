internal import CCrypto
internal import Extents
internal import FoundationEssentials

/// A signed claim (RFC 7519, RFC 7515 compact form): `base64url(header).base64url(claims).base64url(signature)`.
enum JWT {
    /// The claims that Google's token server requires ("Using OAuth 2.0 for server to server applications").
    struct Claims: Encodable {
        let iss: String
        let scope: String
        let aud: String
        /// Seconds since 1970.
        let iat: Int64
        /// At most an hour after `iat`.
        let exp: Int64
    }

    private struct Header: Encodable {
        let alg = "RS256"
        let typ = "JWT"
        let kid: String?
    }

    static func signed(_ claims: Claims, by account: ServiceAccount) throws -> String {
        let parts = try [JSONText.compact(Header(kid: account.keyID)), JSONText.compact(claims)].map(base64url)
        let text = parts.joined(separator: ".")
        return "\(text).\(base64url(try RSASignature.sign(Array(text.utf8), key: account.key)))"
    }

    /// RFC 4648, section 5, without padding.
    static func base64url(_ bytes: [UInt8]) -> String {
        String(
            Data(bytes).base64EncodedString().compactMap { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 == "=" ? nil : $0 })
    }
}

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2), by OpenSSL's libcrypto.
enum RSASignature {
    /// Whether a key can sign.
    /// - Parameter key: PEM, PKCS #8 or PKCS #1.
    /// - Throws: ``CredentialError``, which does not mention the key's text.
    static func check(_ key: Secret) throws(CredentialError) { EVP_PKEY_free(try pair(key)) }

    /// - Parameter key: PEM, PKCS #8 or PKCS #1.
    /// - Throws: ``CredentialError``, which does not mention the key's text.
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
        guard EVP_DigestSign(context, &signature, &length, bytes, bytes.count) == 1 else {
            throw CredentialError("the key cannot sign")
        }
        return Array(signature.prefix(length))
    }

    /// The caller frees it.
    private static func pair(_ key: Secret) throws(CredentialError) -> OpaquePointer {
        // For an encrypted key OpenSSL would ask for the passphrase on the terminal.
        let refuse: @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
            _, _, _, _ in -1
        }
        // The memory BIO points into the text: both calls must happen while it is valid.
        let read = Array(key.value.utf8).withUnsafeBytes { text in
            let source = BIO_new_mem_buf(text.baseAddress, Int32(clamping: text.count))
            defer { BIO_free(source) }
            return PEM_read_bio_PrivateKey(source, nil, refuse, nil)
        }
        guard let pair = read else {
            ERR_clear_error()
            throw CredentialError(
                "the private key cannot be read", hint: "expected PEM in 'private_key'; create the key again")
        }
        guard EVP_PKEY_get_base_id(pair) == EVP_PKEY_RSA else {
            EVP_PKEY_free(pair)
            throw CredentialError("the private key is not an RSA key", hint: "create the key again in the console")
        }
        return pair
    }
}
