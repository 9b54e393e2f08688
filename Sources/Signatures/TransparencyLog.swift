internal import Extents
internal import JSON

/// An entry of a transparency log (rekor) about a signature, with what proves that it is in the log
/// (protobuf-specs, sigstore_rekor.proto).
struct LogEntry: Sendable {
    /// What the log keeps: JSON of one of the kinds below.
    let body: [UInt8]
    /// When the log took it, in seconds since 1970; only the log's promise proves it.
    let time: Int64
    let index: Int64
    /// SHA-256 of the log's key.
    let log: [UInt8]
    /// The log's signature of the four above.
    var promise: [UInt8]?
    var proof: InclusionProof?

    /// Where an entry is in a Merkle tree (RFC 9162, section 2.1.3), and the log's signature of the tree.
    struct InclusionProof: Sendable {
        let index: Int64
        let size: Int64
        let root: [UInt8]
        let hashes: [[UInt8]]
        /// A signed note (C2SP, tlog-checkpoint): origin, size and root, an empty line, signatures.
        let checkpoint: String
    }

    /// Verifies what proves the entry.
    /// - Returns: the time that the log vouches for, if it does.
    /// - Throws: ``SignatureError``.
    func verify(_ root: TrustedRoot) throws -> Int64? {
        guard let known = root.logs.first(where: { $0.id == log }) else {
            throw SignatureError("its transparency log \(log.hex.prefix(16)) is not in the trusted root")
        }
        guard promise != nil || proof != nil else {
            throw SignatureError("its transparency log entry has neither a promise nor a proof of inclusion")
        }
        if let proof { try proof.verify(body, known) }
        guard let promise else { return nil }
        let signed = JSONValue.object([
            ("body", .string(body.base64)), ("integratedTime", .integer(time)), ("logID", .string(log.hex)),
            ("logIndex", .integer(index)),
        ])
        guard known.key.verifies(promise, of: Array(signed.text(indent: 0).utf8)) else {
            throw SignatureError("the transparency log did not sign its entry")
        }
        guard known.period.contains(time) else {
            throw SignatureError("its transparency log's key was not valid when the entry was made")
        }
        return time
    }
}

extension LogEntry.InclusionProof {
    fileprivate func verify(_ body: [UInt8], _ log: TrustedRoot.Log) throws {
        guard index >= 0, index < size, computedRoot(SHA256.hash([0] + body)) == root else {
            throw SignatureError("the proof of inclusion in the transparency log is wrong")
        }
        try verifyCheckpoint(log)
    }

    /// RFC 9162, section 2.1.3.2.
    private func computedRoot(_ leaf: [UInt8]) -> [UInt8]? {
        var (position, last) = (index, size - 1)
        var hash = leaf
        for sibling in hashes {
            guard last > 0, sibling.count == 32 else { return nil }
            if position & 1 == 1 || position == last {
                hash = SHA256.hash([1] + sibling + hash)
                while position & 1 == 0, position != 0 { (position, last) = (position >> 1, last >> 1) }
            } else {
                hash = SHA256.hash([1] + hash + sibling)
            }
            (position, last) = (position >> 1, last >> 1)
        }
        return last == 0 ? hash : nil
    }

    private func verifyCheckpoint(_ log: TrustedRoot.Log) throws {
        guard let end = checkpoint.firstRange(of: "\n\n") else {
            throw SignatureError("the checkpoint of the transparency log has no signature")
        }
        let text = checkpoint[..<end.lowerBound] + "\n"
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 3, lines[1] == String(size), [UInt8](base64: String(lines[2])) == root else {
            throw SignatureError("the checkpoint of the transparency log is of another tree")
        }
        // "— NAME BASE64", of which the first four bytes identify the key.
        let isSigned = checkpoint[end.upperBound...].split(separator: "\n").contains { line in
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "\u{2014}", let bytes = [UInt8](base64: String(words[2])),
                bytes.count > 4
            else { return false }
            return log.key.verifies(Array(bytes.dropFirst(4)), of: Array(text.utf8))
        }
        guard isSigned else { throw SignatureError("the transparency log did not sign its checkpoint") }
    }
}

extension LogEntry {
    /// Whether the entry is about a signature of a key or certificate: the kinds `hashedrekord` and `dsse` of rekor, in
    /// the forms of its first and second version.
    func isAbout(_ signature: SignedMessage, by verifier: Verifier) throws -> Bool {
        let entry = try Fields(body)
        let (kind, version) = (try entry.text("kind"), try entry.text("apiVersion"))
        let spec = try entry.member("spec")
        switch (kind, version, signature.payload) {
        case ("hashedrekord", "0.0.1", nil):
            let (data, signed) = (try spec.member("data").member("hash"), try spec.member("signature"))
            return try data.text("value") == SHA256.hash(signature.message).hex
                && signed.bytes("content") == signature.signature
                && verifier.isNamed(pem: signed.member("publicKey").bytes("content"))
        case ("hashedrekord", "0.0.2", nil):
            let form = try spec.member("hashedRekordV002")
            let signed = try form.member("signature")
            return try form.member("data").bytes("digest") == SHA256.hash(signature.message)
                && signed.bytes("content") == signature.signature && verifier.isNamed(signed.member("verifier"))
        case ("dsse", "0.0.1", let payload?):
            return try spec.member("payloadHash").text("value") == SHA256.hash(payload).hex
                && spec.list("signatures").contains {
                    try $0.bytes("signature") == signature.signature
                        && verifier.isNamed(pem: $0.bytes("verifier"))
                }
        case ("dsse", "0.0.2", let payload?):
            let form = try spec.member("dsseV002")
            return try form.member("payloadHash").bytes("digest") == SHA256.hash(payload)
                && form.list("signatures").contains {
                    try $0.bytes("content") == signature.signature && verifier.isNamed($0.member("verifier"))
                }
        default:
            throw SignatureError(
                "its transparency log entry is '\(PlainText.short(kind))' \(PlainText.short(version)), which does not fit the signature"
            )
        }
    }
}

/// What a signature is verified with.
enum Verifier {
    case certificate(Certificate)
    case key(PublicKey)

    var key: PublicKey {
        switch self {
        case .certificate(let certificate): certificate.publicKey
        case .key(let key): key
        }
    }

    func isNamed(pem: [UInt8]) throws -> Bool {
        switch self {
        case .certificate(let own): (try? Certificate(pem: pem).der) == own.der
        case .key(let own): (try? PublicKey(pem: pem).der) == own.der
        }
    }

    func isNamed(_ fields: Fields) throws -> Bool {
        switch self {
        case .certificate(let own): try fields.optionalMember("x509Certificate")?.bytes("rawBytes") == own.der
        case .key(let own): try fields.optionalMember("publicKey")?.bytes("rawBytes") == own.der
        }
    }
}
