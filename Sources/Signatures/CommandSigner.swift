internal import Extents
internal import Subprocess

/// A program that signs, for keys that it alone can reach. It is run by `/bin/sh -c`, gets the bytes of the digest on
/// standard input, and writes the bytes of the signature to standard output.
public struct CommandSigner: Signer {
    public let publicKey: PublicKey
    private let command: String
    private let environment: [String: String]

    /// The most time that the program has: it may ask for a touch of a token or a PIN.
    private static let limit = Duration.seconds(120)

    /// - Parameter publicKey: that of the key by which the program signs; each signature is verified with it.
    /// - Throws: ``SignatureError`` for a kind of key that does not sign digests.
    public init(command: String, publicKey: PublicKey, environment: [String: String]) throws {
        guard publicKey.digest(of: []) != nil else {
            throw SignatureError("an Ed25519 key does not sign digests", hint: "use an ECDSA or RSA key")
        }
        (self.command, self.publicKey, self.environment) = (command, publicKey, environment)
    }

    /// - Throws: ``SignatureError``.
    public func signature(of message: [UInt8]) async throws -> [UInt8] {
        let digest = publicKey.digest(of: message) ?? []
        let signature = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask { try await run(digest) }
            group.addTask {
                try await Task.sleep(for: Self.limit)
                throw SignatureError("the signer '\(shown)' did not answer within \(Self.limit.components.seconds) s")
            }
            // The other one is cancelled, and with it the program.
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
        guard publicKey.verifies(signature, of: message) else {
            throw SignatureError(
                "what the signer '\(shown)' wrote is not a signature by the public key",
                hint: "it must write the signature's bytes: ECDSA in DER, RSA by PKCS #1 v1.5")
        }
        return signature
    }

    private var shown: String { PlainText.short(command) }

    private func run(_ digest: [UInt8]) async throws -> [UInt8] {
        var options = PlatformOptions()
        // Whatever the program starts ends with it.
        options.processGroupID = 0
        options.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        let values = environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
        do {
            let result = try await Subprocess.run(
                .name("env"), arguments: Arguments(OrphanGuard.command + ["/bin/sh", "-c", command]),
                environment: .custom(Dictionary(uniqueKeysWithValues: values)), platformOptions: options,
                input: .array(digest), output: .bytes(limit: 64 << 10), error: .string(limit: 64 << 10))
            guard result.terminationStatus.isSuccess else {
                let message = PlainText.line(result.standardError.trimmingWhitespace())
                throw SignatureError(
                    "the signer '\(shown)' failed: \(message.isEmpty ? "\(result.terminationStatus)" : message)")
            }
            return result.standardOutput
        } catch let error as SubprocessError {
            throw SignatureError("cannot run the signer '\(shown)': \(error)")
        }
    }
}
