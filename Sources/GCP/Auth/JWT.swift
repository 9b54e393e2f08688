internal import FoundationEssentials

/// A signed claim (RFC 7519, RFC 7515 compact form): `base64url(header).base64url(claims).base64url(signature)`.
enum JWT {
    /// What Google's token server wants to know ("Using OAuth 2.0 for server to server applications").
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
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let parts = [try encoder.encode(Header(kid: account.keyID)), try encoder.encode(claims)].map { base64url(Array($0)) }
        let text = parts.joined(separator: ".")
        return "\(text).\(base64url(try RSASignature.sign(Array(text.utf8), key: account.key)))"
    }

    /// RFC 4648, section 5, without padding.
    static func base64url(_ bytes: [UInt8]) -> String {
        String(Data(bytes).base64EncodedString().compactMap { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 == "=" ? nil : $0 })
    }
}
