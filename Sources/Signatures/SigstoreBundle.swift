internal import Extents
internal import JSON

/// A message, its signature, and what came with them to prove who signed it.
public struct SignedMessage: Sendable {
    /// The bytes that the signature covers.
    let message: [UInt8]
    /// The document in an envelope; nil for a plain message.
    let payload: [UInt8]?
    let signature: [UInt8]
    /// The signer's certificate first; none for a key.
    var certificates: [Certificate] = []
    var entries: [LogEntry] = []
    var timeStamps: [TimeStamp] = []
    /// Of the image that it signs, `sha256:HEX`; nil for other things.
    public internal(set) var digest: String?

    init(message: [UInt8], payload: [UInt8]?, signature: [UInt8]) {
        (self.message, self.payload, self.signature) = (message, payload, signature)
    }

    /// A message with the output of `cosign sign-blob`.
    /// - Throws: ``SignatureError``.
    public init(base64 text: String, of message: [UInt8]) throws {
        guard let signature = [UInt8](base64: text.trimmingWhitespace()) else {
            throw SignatureError("the signature is not base64")
        }
        self.init(message: message, payload: nil, signature: signature)
    }
}

/// A signature in the form that cosign and sigstore's clients write: `*.sigstore.json` (protobuf-specs,
/// sigstore_bundle.proto, versions 0.1 to 0.3).
public struct SigstoreBundle: Sendable {
    public enum Content: Sendable {
        /// The signature of something that is not in the bundle, and its SHA-256.
        case message(signature: [UInt8], digest: [UInt8]?)
        case envelope(Envelope)
    }

    public let content: Content
    private let certificates: [Certificate]
    private let entries: [LogEntry]
    private let timeStamps: [TimeStamp]

    public static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
    public static func isMediaType(_ type: String) -> Bool { type.hasPrefix("application/vnd.dev.sigstore.bundle") }
    /// The most bytes of a bundle that are read.
    public static let largestSize: UInt64 = 4 << 20

    /// - Throws: ``SignatureError``.
    public init(parsing bytes: [UInt8]) throws {
        let bundle = try Fields(bytes)
        let type = try bundle.text("mediaType")
        guard Self.isMediaType(type) else {
            throw SignatureError("'mediaType' is '\(PlainText.short(type))', which is not a bundle of sigstore")
        }
        let material = try bundle.member("verificationMaterial")
        if let certificate = try material.optionalMember("certificate") {
            certificates = [try Certificate(der: try certificate.bytes("rawBytes"))]
        } else {
            certificates =
                try material.optionalMember("x509CertificateChain")?.list("certificates").map {
                    try Certificate(der: try $0.bytes("rawBytes"))
                } ?? []
        }
        entries = try material.list("tlogEntries").map(Self.entry)
        timeStamps =
            try material.optionalMember("timestampVerificationData")?.list("rfc3161Timestamps").map {
                TimeStamp(der: try $0.bytes("signedTimestamp"))
            } ?? []
        if let envelope = try bundle.optionalMember("dsseEnvelope") {
            content = .envelope(try Envelope(envelope))
        } else {
            let message = try bundle.member("messageSignature")
            let digest = try message.optionalMember("messageDigest")
            content = .message(signature: try message.bytes("signature"), digest: try digest?.optionalBytes("digest"))
        }
    }

    private static func entry(_ fields: Fields) throws -> LogEntry {
        let proof = try fields.optionalMember("inclusionProof").map { proof in
            LogEntry.InclusionProof(
                index: try proof.number("logIndex"), size: try proof.number("treeSize"),
                root: try proof.bytes("rootHash"),
                hashes: try proof.texts("hashes").map {
                    guard let hash = [UInt8](base64: $0) else { throw SignatureError("'hashes' are not base64") }
                    return hash
                },
                checkpoint: try proof.member("checkpoint").text("envelope"))
        }
        return LogEntry(
            body: try fields.bytes("canonicalizedBody"), time: try fields.number("integratedTime"),
            index: try fields.number("logIndex"), log: try fields.member("logId").bytes("keyId"),
            promise: try fields.optionalMember("inclusionPromise")?.bytes("signedEntryTimestamp"), proof: proof)
    }

    /// The signature of an artifact.
    /// - Parameter artifact: the bytes that were signed, or that the statement in an envelope is about; nil leaves the
    ///   statement to the caller.
    /// - Throws: ``SignatureError`` when the bundle is of something else.
    public func signed(artifact: [UInt8]?) throws -> SignedMessage {
        var signed =
            switch content {
            case .message(let signature, let digest):
                try Self.message(artifact, signature, digest)
            case .envelope(let envelope): try Self.message(envelope, about: artifact)
            }
        signed.certificates = certificates
        signed.entries = entries
        signed.timeStamps = timeStamps
        return signed
    }

    private static func message(_ artifact: [UInt8]?, _ signature: [UInt8], _ digest: [UInt8]?) throws -> SignedMessage
    {
        guard let artifact else { throw SignatureError("the bundle has a signature without what was signed") }
        if let digest, digest != SHA256.hash(artifact) {
            throw SignatureError("the bundle is of another artifact, with SHA-256 \(digest.hex)")
        }
        return SignedMessage(message: artifact, payload: nil, signature: signature)
    }

    private static func message(_ envelope: Envelope, about artifact: [UInt8]?) throws -> SignedMessage {
        // The envelope may have the artifact itself, or a statement about it.
        if let artifact, envelope.payload != artifact {
            guard envelope.payloadType == Envelope.statementType else {
                throw SignatureError(
                    "the envelope has '\(PlainText.short(envelope.payloadType))', expected a statement")
            }
            let subjects = try Fields(envelope.payload).list("subject").map { try $0.member("digest").text("sha256") }
            guard subjects.contains(SHA256.hash(artifact).hex) else {
                throw SignatureError("the statement is about another artifact")
            }
        }
        return SignedMessage(
            message: Envelope.preAuthenticated(envelope.payload, envelope.payloadType), payload: envelope.payload,
            signature: try only(envelope.signatures))
    }

    private static func only(_ signatures: [[UInt8]]) throws -> [UInt8] {
        guard signatures.count == 1 else {
            throw SignatureError("the envelope has \(signatures.count) signatures, expected one")
        }
        return signatures[0]
    }

    /// The text of a bundle whose signature a key made.
    public static func text(_ content: Content, key: PublicKey) -> String {
        let body: JSONValue.Member =
            switch content {
            case .envelope(let envelope): ("dsseEnvelope", envelope.json)
            case .message(let signature, let digest):
                (
                    "messageSignature",
                    .object([
                        (
                            "messageDigest",
                            .object([
                                ("algorithm", .string("SHA2_256")), ("digest", .string((digest ?? []).base64)),
                            ])
                        ), ("signature", .string(signature.base64)),
                    ])
                )
            }
        let material = JSONValue.object([
            ("publicKey", .object([("hint", .string(key.hint))])), ("tlogEntries", .array([])),
        ])
        return JSONValue.object([
            ("mediaType", .string(mediaType)), ("verificationMaterial", material), body,
        ]).text(indent: 0) + "\n"
    }
}
