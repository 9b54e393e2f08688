internal import Extents
internal import JSON

/// Signatures of images, as registries keep them next to the image.
public enum ImageSignature {
    /// The layers of the tag `sha256-HEX.sig`, which cosign 1 and 2 write (cosign, SIGNATURE_SPEC.md).
    public static let simpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json"
    /// What the statement of a bundle says when it signs an image; other statements describe it.
    public static let predicateType = "https://sigstore.dev/cosign/sign/v1"

    /// What was signed.
    /// - Parameters:
    ///   - digests: of the image's index and manifest, `sha256:HEX`.
    /// - Returns: what to verify, with the digest that it is about; nil for something else than a signature of an image.
    /// - Throws: ``SignatureError`` when it is damaged or a signature of another image.
    public static func read(
        _ bytes: [UInt8], mediaType: String, annotations: [String: String], of digests: Set<String>
    ) throws -> SignedMessage? {
        if mediaType == simpleSigning { return try simple(bytes, annotations, digests) }
        guard SigstoreBundle.isMediaType(mediaType) else { return nil }
        let bundle = try SigstoreBundle(parsing: bytes)
        guard case .envelope(let envelope) = bundle.content, envelope.payloadType == Envelope.statementType else {
            return nil
        }
        let statement = try Fields(envelope.payload)
        guard try statement.text("predicateType") == predicateType else { return nil }
        let subjects = try statement.list("subject").map { "sha256:" + (try $0.member("digest").text("sha256")) }
        guard let digest = subjects.first(where: digests.contains) else { throw other(subjects.first ?? "nothing") }
        var signed = try bundle.signed(artifact: nil)
        signed.digest = digest
        return signed
    }

    /// The statement to sign for an image.
    public static func statement(_ digest: String) -> [UInt8] {
        let hex = String(digest.dropFirst("sha256:".utf8.count))
        return Array(
            JSONValue.object([
                ("_type", .string("https://in-toto.io/Statement/v1")),
                ("subject", .array([.object([("digest", .object([("sha256", .string(hex))]))])])),
                ("predicateType", .string(predicateType)), ("predicate", .object([])),
            ]).text(indent: 0).utf8)
    }

    private static func other(_ digest: String) -> SignatureError {
        SignatureError("a signature of another image, \(PlainText.short(digest))")
    }

    private static func simple(_ payload: [UInt8], _ annotations: [String: String], _ digests: Set<String>) throws
        -> SignedMessage
    {
        let critical = try Fields(payload).member("critical")
        let digest = try critical.member("image").text("docker-manifest-digest")
        guard digests.contains(digest) else { throw other(digest) }
        let type = try critical.text("type")
        guard type == "cosign container image signature" else {
            throw SignatureError("'critical.type' is '\(PlainText.short(type))', which is not a signature of an image")
        }
        guard let signature = annotations["dev.cosignproject.cosign/signature"].flatMap({ [UInt8](base64: $0) }) else {
            throw SignatureError("its manifest has no signature in the annotation 'dev.cosignproject.cosign/signature'")
        }
        var signed = SignedMessage(message: payload, payload: nil, signature: signature)
        let texts = [annotations["dev.sigstore.cosign/certificate"], annotations["dev.sigstore.cosign/chain"]]
        for text in texts.compactMap(\.self) {
            guard let blocks = PEM.blocks(text, "CERTIFICATE") else {
                throw SignatureError("its certificates are not in PEM")
            }
            signed.certificates += try blocks.map { try Certificate(der: $0) }
        }
        signed.entries = try annotations["dev.sigstore.cosign/bundle"].map { [try entry(Array($0.utf8))] } ?? []
        signed.digest = digest
        return signed
    }

    /// The promise of a transparency log in cosign's own form.
    private static func entry(_ bytes: [UInt8]) throws -> LogEntry {
        let fields = try Fields(bytes)
        let payload = try fields.member("Payload")
        guard let log = [UInt8](hex: try payload.text("logID")) else {
            throw SignatureError("'Payload.logID' is not hexadecimal")
        }
        return LogEntry(
            body: try payload.bytes("body"), time: try payload.number("integratedTime"),
            index: try payload.number("logIndex"), log: log, promise: try fields.bytes("SignedEntryTimestamp"))
    }
}

extension [UInt8] {
    /// Pairs of hexadecimal digits; nil for any other text.
    init?(hex text: String) {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0, digits.allSatisfy(\.isHexDigit) else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
    }
}
