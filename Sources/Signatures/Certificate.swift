internal import CCrypto
internal import Extents

/// An X.509 certificate (RFC 5280).
public final class Certificate: @unchecked Sendable {
    // Only read after it was made, which libcrypto allows from several threads.
    let handle: OpaquePointer
    public let publicKey: PublicKey
    public let der: [UInt8]

    /// - Throws: ``SignatureError``.
    public convenience init(pem: [UInt8]) throws {
        guard let handle = LibCrypto.read(pem, { PEM_read_bio_X509($0, nil, LibCrypto.noPassphrase, nil) }) else {
            throw SignatureError(
                "not a certificate in PEM", hint: "openssl x509 -inform DER -in CERT -out CERT.pem converts it")
        }
        try self.init(adopting: handle)
    }

    /// - Throws: ``SignatureError``.
    public convenience init(der: [UInt8]) throws {
        guard let (handle, isWhole) = LibCrypto.decode(der, { d2i_X509(nil, $0, $1) }) else {
            throw SignatureError("not a certificate")
        }
        guard isWhole else {
            X509_free(handle)
            throw SignatureError("a certificate with \(der.count) bytes, more than belong to it")
        }
        try self.init(adopting: handle)
    }

    private init(adopting handle: OpaquePointer) throws {
        self.handle = handle
        der = LibCrypto.encode { i2d_X509(handle, $0) }
        do {
            guard let key = X509_get_pubkey(handle) else { throw SignatureError("a certificate without a key") }
            publicKey = try PublicKey(adopting: key)
        } catch {
            X509_free(handle)
            throw error
        }
    }

    deinit { X509_free(handle) }

    /// Its issuer and serial number, each as DER.
    public var issuer: [UInt8] { LibCrypto.encode { i2d_X509_NAME(X509_get_issuer_name(handle), $0) } }
    public var serialNumber: [UInt8] { LibCrypto.encode { i2d_ASN1_INTEGER(X509_get0_serialNumber(handle), $0) } }
    public var pem: String { PEM.text(der, "CERTIFICATE") }

    /// E-mail addresses and URIs of the subject (subjectAltName): whom Fulcio gave the certificate.
    var identities: [String] {
        guard let names = X509_get_ext_d2i(handle, NID_subject_alt_name, nil, nil).map(OpaquePointer.init) else {
            return []
        }
        defer { GENERAL_NAMES_free(names) }
        return (0..<OPENSSL_sk_num(names)).compactMap { index in
            guard let name = OPENSSL_sk_value(names, index)?.assumingMemoryBound(to: GENERAL_NAME.self).pointee,
                name.type == GEN_EMAIL || name.type == GEN_URI, let text = name.d.ia5
            else { return nil }
            return Self.text(OpaquePointer(text))
        }
    }

    /// The issuer of the token that proved the identity to Fulcio ("Sigstore OID information": 1.3.6.1.4.1.57264.1.8,
    /// an UTF8String; formerly .1, the text itself).
    var identityIssuer: String? {
        if let value = value(ofExtension: "1.3.6.1.4.1.57264.1.8") {
            return LibCrypto.decode(value, { d2i_ASN1_UTF8STRING(nil, $0, $1) }).flatMap { string, isWhole in
                defer { ASN1_UTF8STRING_free(string) }
                return isWhole ? Self.text(OpaquePointer(string)) : nil
            }
        }
        return value(ofExtension: "1.3.6.1.4.1.57264.1.1").flatMap { String(validating: $0, as: UTF8.self) }
    }

    var isForCodeSigning: Bool { X509_get_extended_key_usage(handle) & UInt32(XKU_CODE_SIGN) != 0 && hasKeyUsage }
    private var hasKeyUsage: Bool { X509_get_extension_flags(handle) & UInt32(EXFLAG_XKUSAGE) != 0 }

    func value(ofExtension identifier: String) -> [UInt8]? {
        guard let object = OBJ_txt2obj(identifier, 1) else { return nil }
        defer { ASN1_OBJECT_free(object) }
        let index = X509_get_ext_by_OBJ(handle, object, -1)
        guard index >= 0, let data = X509_EXTENSION_get_data(X509_get_ext(handle, index)) else { return nil }
        return Self.bytes(OpaquePointer(data))
    }

    private static func text(_ string: OpaquePointer) -> String? {
        String(validating: bytes(string), as: UTF8.self)
    }

    static func bytes(_ string: OpaquePointer) -> [UInt8] {
        let string = UnsafePointer<ASN1_STRING>(string)
        return Array(UnsafeBufferPointer(start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string))))
    }
}

/// The certificates of an authority.
struct CertificateAuthority: Sendable {
    /// The root last; a chain of one certificate is its own root.
    let chain: [Certificate]
    let period: ClosedRange<Int64>

    /// Whether this authority issued a certificate that is valid at a time.
    /// - Parameters:
    ///   - time: in seconds since 1970.
    ///   - intermediates: certificates between the two that came with it.
    /// - Returns: nil when it did; else libcrypto's reason.
    func refusal(of certificate: Certificate, at time: Int64, intermediates: [Certificate]) -> String? {
        defer { ERR_clear_error() }
        let (store, context) = (X509_STORE_new(), X509_STORE_CTX_new())
        let between = CertificateStack(chain.dropLast() + intermediates)
        defer {
            X509_STORE_CTX_free(context)
            X509_STORE_free(store)
        }
        guard let root = chain.last, X509_STORE_add_cert(store, root.handle) == 1,
            X509_STORE_CTX_init(context, store, certificate.handle, between.handle) == 1
        else { return "libcrypto cannot verify certificates" }
        let parameters = X509_STORE_CTX_get0_param(context)
        X509_VERIFY_PARAM_set_time(parameters, time_t(time))
        X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        guard X509_verify_cert(context) != 1 else { return nil }
        return String(cString: X509_verify_cert_error_string(Int(X509_STORE_CTX_get_error(context))))
    }
}

/// libcrypto's list of certificates.
final class CertificateStack {
    let handle: OpaquePointer?
    private let certificates: [Certificate]

    init(_ certificates: [Certificate]) {
        self.certificates = certificates
        handle = OPENSSL_sk_new_null()
        for certificate in certificates { OPENSSL_sk_push(handle, UnsafeRawPointer(certificate.handle)) }
    }

    // The list does not own its members.
    deinit { OPENSSL_sk_free(handle) }
}
