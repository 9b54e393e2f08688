internal import CCrypto
internal import Extents

/// Signs messages: a key in a file or a token, or a program that has one.
public protocol Signer: Sendable {
    var publicKey: PublicKey { get }
    /// As ``PublicKey/verifies(_:of:)`` accepts it: ECDSA in DER, RSA by PKCS #1 v1.5.
    func signature(of message: [UInt8]) async throws -> [UInt8]
}

/// A private key of a PEM file or a PKCS #11 token.
public final class PrivateKey: Signer, @unchecked Sendable {
    // Only read after it was made, which libcrypto allows from several threads.
    private let handle: OpaquePointer
    public let publicKey: PublicKey

    /// - Parameter pem: PKCS #8, PKCS #1 or SEC 1, without a passphrase.
    /// - Throws: ``SignatureError``, which does not mention the key's text.
    public convenience init(pem: [UInt8]) throws {
        guard let key = LibCrypto.read(pem, { PEM_read_bio_PrivateKey($0, nil, LibCrypto.noPassphrase, nil) }) else {
            let text = String(decoding: pem.prefix(200), as: UTF8.self)
            guard !text.contains("ENCRYPTED SIGSTORE") && !text.contains("ENCRYPTED COSIGN") else {
                throw SignatureError(
                    "a private key in cosign's own encryption, which cannot be read",
                    hint:
                        "create a plain one with 'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256' and import it with 'cosign import-key-pair'"
                )
            }
            throw SignatureError(
                "not a private key in PEM", hint: "'openssl pkey -in KEY -out PLAIN.pem' removes a passphrase")
        }
        try self.init(adopting: key)
    }

    /// A key of a token.
    /// - Parameter uri: RFC 7512, `pkcs11:token=…;object=…?pin-value=…`.
    /// - Throws: ``SignatureError``, which does not mention the PIN.
    public convenience init(pkcs11 uri: String) throws {
        try self.init(adopting: try PKCS11.key(uri))
    }

    /// A file, or a token when the name begins with `pkcs11:`.
    /// - Throws: ``SignatureError``, `FileError`.
    public convenience init(named name: String) throws {
        if name.hasPrefix("pkcs11:") {
            try self.init(pkcs11: name)
        } else {
            let bytes = try HostFiles.read(name, limit: 1 << 20)
            try self.init(pem: bytes)
        }
    }

    /// How messages name a key: without the PIN that the URI of a token's key may have.
    public static func shownName(of name: String) -> String {
        PlainText.short(
            name.hasPrefix("pkcs11:")
                ? String(name.split(separator: "?", omittingEmptySubsequences: false)[0]) : name)
    }

    private init(adopting handle: OpaquePointer) throws {
        self.handle = handle
        let der = LibCrypto.encode { i2d_PUBKEY(handle, $0) }
        do { publicKey = try PublicKey(der: der) } catch {
            EVP_PKEY_free(handle)
            throw error
        }
    }

    deinit { EVP_PKEY_free(handle) }

    /// - Throws: ``SignatureError``.
    public func signature(of message: [UInt8]) throws -> [UInt8] {
        defer { ERR_clear_error() }
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var length = 0
        guard let hash = PublicKey.hash(of: handle),
            EVP_DigestSignInit(context, nil, hash.function, nil, handle) == 1,
            EVP_DigestSign(context, nil, &length, message, message.count) == 1
        else { throw SignatureError("the key cannot sign") }
        var signature = [UInt8](repeating: 0, count: length)
        guard EVP_DigestSign(context, &signature, &length, message, message.count) == 1 else {
            throw SignatureError("the key cannot sign")
        }
        return Array(signature.prefix(length))
    }
}

/// Keys of PKCS #11 tokens (RFC 7512), by the provider of that name. libcrypto's engines are not used: they bring a
/// libcrypto of their own, and moby's is part of the program.
private enum PKCS11 {
    static func key(_ uri: String) throws -> OpaquePointer {
        defer { ERR_clear_error() }
        guard OSSL_PROVIDER_try_load(nil, "pkcs11", 1) != nil else {
            throw SignatureError(
                "libcrypto has no provider for PKCS #11 tokens",
                hint: "install pkcs11-provider (Debian 13), or sign with --signer")
        }
        let absent = SignatureError(
            "no private key of a token matches '\(PrivateKey.shownName(of: uri))'",
            hint: "'p11tool --list-privkeys' lists the URIs of keys; PKCS11_PROVIDER_MODULE names the token's module")
        guard let store = OSSL_STORE_open(uri, nil, nil, nil, nil) else { throw absent }
        defer { OSSL_STORE_close(store) }
        OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY)
        while OSSL_STORE_eof(store) == 0 {
            guard let info = OSSL_STORE_load(store) else { continue }
            defer { OSSL_STORE_INFO_free(info) }
            if let key = OSSL_STORE_INFO_get1_PKEY(info) { return key }
        }
        throw absent
    }
}
