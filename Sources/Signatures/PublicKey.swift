internal import CCrypto
internal import Extents
internal import FoundationEssentials

/// A public key: ECDSA on a NIST curve, RSA (PKCS #1 v1.5) or Ed25519, as cosign and sigstore use them.
public final class PublicKey: @unchecked Sendable {
    // Only read after it was made, which libcrypto allows from several threads.
    let handle: OpaquePointer

    /// - Parameter pem: `-----BEGIN PUBLIC KEY-----`, or a certificate, whose key it is.
    /// - Throws: ``SignatureError``.
    public convenience init(pem: [UInt8]) throws {
        let key =
            LibCrypto.read(pem) { PEM_read_bio_PUBKEY($0, nil, LibCrypto.noPassphrase, nil) }
            ?? LibCrypto.read(pem) { memory in
                PEM_read_bio_X509(memory, nil, LibCrypto.noPassphrase, nil).flatMap { certificate in
                    defer { X509_free(certificate) }
                    return X509_get_pubkey(certificate)
                }
            }
        guard let key else {
            throw SignatureError(
                "not a public key in PEM",
                hint: "'cosign public-key --key KEY' and 'openssl pkey -in KEY -pubout' write one")
        }
        try self.init(adopting: key)
    }

    /// - Parameter der: SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).
    /// - Throws: ``SignatureError``.
    public convenience init(der: [UInt8]) throws {
        guard let key = LibCrypto.decode(der, { d2i_PUBKEY(nil, $0, $1) })?.value else {
            throw SignatureError("not a public key (SubjectPublicKeyInfo)")
        }
        try self.init(adopting: key)
    }

    /// - Parameter handle: freed with this object, also when this throws.
    init(adopting handle: OpaquePointer) throws {
        self.handle = handle
        guard Self.hash(of: handle) != nil else {
            throw SignatureError("the key is of a kind that is not supported", hint: "use ECDSA, RSA or Ed25519")
        }
    }

    deinit { EVP_PKEY_free(handle) }

    /// SubjectPublicKeyInfo.
    public var der: [UInt8] { LibCrypto.encode { i2d_PUBKEY(handle, $0) } }
    /// SHA-256 of ``der``, hexadecimal: how messages and locks name the key.
    public var fingerprint: String { SHA256.hash(der).hex }
    /// Base64 of the SHA-256 of ``der``, which bundles name a key by.
    public var hint: String { Data(SHA256.hash(der)).base64EncodedString() }
    public var pem: String { PEM.text(der, "PUBLIC KEY") }
    public var isRSA: Bool { EVP_PKEY_get_base_id(handle) == EVP_PKEY_RSA }

    /// Whether a signature of this key covers a message.
    public func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        guard let hash = Self.hash(of: handle),
            EVP_DigestVerifyInit(context, nil, hash.function, nil, handle) == 1
        else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// The digest that is signed; nil for Ed25519, which signs messages.
    func digest(of message: [UInt8]) -> [UInt8]? {
        guard let hash = Self.hash(of: handle)?.function else { return nil }
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard EVP_Digest(message, message.count, &digest, &length, hash, nil) == 1 else { return nil }
        return Array(digest.prefix(Int(length)))
    }

    /// The hash that goes with a kind of key; nil for a kind that is not supported. Ed25519 has its own.
    static func hash(of key: OpaquePointer) -> (function: OpaquePointer?, name: String)? {
        switch (EVP_PKEY_get_base_id(key), EVP_PKEY_get_bits(key)) {
        case (EVP_PKEY_EC, 256), (EVP_PKEY_RSA, 2048...16384): (EVP_sha256(), "SHA2_256")
        case (EVP_PKEY_EC, 384): (EVP_sha384(), "SHA2_384")
        case (EVP_PKEY_EC, 521): (EVP_sha512(), "SHA2_512")
        case (EVP_PKEY_ED25519, _): (nil, "SHA2_512")
        default: nil
        }
    }
}

/// Textual encodings of RFC 7468.
enum PEM {
    static func text(_ der: [UInt8], _ label: String) -> String {
        let base64 = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN \(label)-----\n\(base64)\n-----END \(label)-----\n"
    }

    /// What the blocks of a label hold; nil for an invalid one.
    static func blocks(_ text: String, _ label: String) -> [[UInt8]]? {
        var blocks: [[UInt8]] = []
        var base64: String?
        for line in text.split(whereSeparator: \.isNewline).map({ String($0).trimmingWhitespace() }) {
            if line == "-----BEGIN \(label)-----" {
                base64 = ""
            } else if line == "-----END \(label)-----" {
                guard let bytes = base64.flatMap({ [UInt8](base64: $0) }) else { return nil }
                blocks.append(bytes)
                base64 = nil
            } else {
                base64?.append(contentsOf: line)
            }
        }
        return blocks
    }
}

extension [UInt8] {
    /// RFC 4648, section 4; nil for any other text.
    init?(base64 text: String) {
        guard let data = Data(base64Encoded: text) else { return nil }
        self = Array(data)
    }

    var base64: String { Data(self).base64EncodedString() }
}
