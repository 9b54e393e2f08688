internal import Extents
internal import FoundationEssentials
internal import JSON
public import Signatures

/// A file with a detached signature next to it.
public enum SignedFile {
    /// The most bytes of a file that is signed; artifacts are signed by way of the record that has their digests.
    private static let largest: UInt64 = 64 << 20

    /// Signs a file. The record of a build gets the digests of its artifacts first.
    /// - Returns: the file of the signature.
    /// - Throws: `SignatureError`, `FileError`, ``BuildError``.
    public static func sign(_ file: String, by signer: any Signer) async throws -> String {
        var bytes = try HostFiles.read(file, limit: largest)
        if let record = BuildRecord(bytes) {
            let complete = try record.withDigests(nextTo: file)
            if complete != record {
                bytes = try JSONText.pretty(complete) + [0x0A]
                try write(bytes, to: file)
            }
        }
        // Statements, such as X.provenance.json, are signed in an envelope, where those who verify them look.
        let content: SigstoreBundle.Content =
            Self.isStatement(bytes)
            ? .envelope(try await Envelope(bytes, type: Envelope.statementType, by: signer))
            : .message(signature: try await signer.signature(of: bytes), digest: SHA256.hash(bytes))
        let target = file + ".sigstore.json"
        try write(Array(SigstoreBundle.text(content, key: signer.publicKey).utf8), to: target)
        return target
    }

    /// Verifies the signature of a file, and the artifacts of a build's record.
    /// - Parameter signature: its file; nil is the one next to it.
    /// - Returns: who signed.
    /// - Throws: `SignatureError`, `FileError`, ``BuildError``.
    public static func verify(_ file: String, signature: String?, _ requirement: Requirement) throws -> Signatory {
        let bytes = try HostFiles.read(file, limit: largest)
        let signatory = try signed(bytes, file, signature).signatory(requirement)
        if let record = BuildRecord(bytes) { try record.verifyDigests(nextTo: file) }
        return signatory
    }

    private static func signed(_ bytes: [UInt8], _ file: String, _ signature: String?) throws -> SignedMessage {
        let limit = SigstoreBundle.largestSize
        let names = signature.map { [$0] } ?? [file + ".sigstore.json", file + ".sig"]
        for name in names {
            guard let text = try HostFiles.readIfPresent(name, limit: limit) else { continue }
            if text.first == UInt8(ascii: "{") { return try SigstoreBundle(parsing: text).signed(artifact: bytes) }
            return try SignedMessage(base64: String(decoding: text, as: UTF8.self), of: bytes)
        }
        let missing = names.map { "'\(PlainText.short($0))'" }.joined(separator: " or ")
        throw SignatureError("no signature: \(missing) does not exist")
    }

    private static func isStatement(_ bytes: [UInt8]) -> Bool {
        // Any file may be signed: one that is not JSON is not a statement.
        (try? JSONValue(parsing: bytes))?["_type"]?.string?.hasPrefix("https://in-toto.io/Statement/") == true
    }

    private static func write(_ bytes: [UInt8], to file: String) throws {
        try ExtentWriter.stream(to: file) { try $0.write(bytes) }
    }
}

extension BuildRecord {
    /// nil for other bytes.
    init?(_ bytes: [UInt8]) {
        guard let record = try? JSONDecoder().decode(BuildRecord.self, from: Data(bytes)) else { return nil }
        self = record
    }

    /// With the SHA-256 of each file that has none yet.
    /// - Throws: `FileError`, ``BuildError`` for a file that is not the one of the record.
    func withDigests(nextTo path: String) throws -> BuildRecord {
        var record = self
        for (index, file) in files.enumerated() {
            let digest = try HostFiles.sha256(file.path(nextTo: path)).hex
            guard file.sha256 ?? digest == digest else { throw file.changed(digest) }
            record.files[index].sha256 = digest
        }
        return record
    }

    func verifyDigests(nextTo path: String) throws {
        for file in files {
            guard let expected = file.sha256 else {
                throw BuildError("the record has no digest of '\(PlainText.short(file.name))'", hint: "sign it again")
            }
            let digest = try HostFiles.sha256(file.path(nextTo: path)).hex
            guard digest == expected else { throw file.changed(digest) }
        }
    }
}

extension BuildRecord.File {
    fileprivate func changed(_ digest: String) -> BuildError {
        BuildError(
            "'\(PlainText.short(name))' has SHA-256 \(digest), but the record has \(sha256 ?? "none")",
            hint: "it was changed after it was built; build again")
    }
}
