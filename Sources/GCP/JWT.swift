internal import Extents
internal import FoundationEssentials
internal import Signatures

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
    static func check(_ key: Secret) throws(CredentialError) { _ = try pair(key) }

    /// - Parameter key: PEM, PKCS #8 or PKCS #1.
    /// - Throws: ``CredentialError``, which does not mention the key's text.
    static func sign(_ bytes: [UInt8], key: Secret) throws(CredentialError) -> [UInt8] {
        let pair = try pair(key)
        do { return try pair.signature(of: bytes) } catch { throw CredentialError("the key cannot sign") }
    }

    private static func pair(_ key: Secret) throws(CredentialError) -> PrivateKey {
        let pair: PrivateKey
        do { pair = try PrivateKey(pem: Array(key.value.utf8)) } catch {
            throw CredentialError(
                "the private key cannot be read", hint: "expected PEM in 'private_key'; create the key again")
        }
        guard pair.publicKey.isRSA else {
            throw CredentialError("the private key is not an RSA key", hint: "create the key again in the console")
        }
        return pair
    }
}
