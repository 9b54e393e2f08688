import Signatures
import TestSupport
import Testing

struct KeyTests {
    private static let kinds = [
        ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], ["-algorithm", "ED25519"],
    ]

    private static func withKey(
        _ kind: [String], _ body: @Sendable (String, PrivateKey) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { folder in
            try Oracle("openssl").output(["genpkey"] + kind + ["-out", "\(folder)/key.pem"])
            try await Oracle("openssl")("pkey", "-in", "\(folder)/key.pem", "-pubout", "-out", "\(folder)/key.pub")
            try await body(folder, PrivateKey(named: "\(folder)/key.pem"))
        }
    }

    /// - Parameter kind: arguments of `openssl genpkey`.
    @Test(arguments: kinds) func opensslVerifiesAndIsVerified(_ kind: [String]) async throws {
        try await Self.withKey(kind) { folder, key in
            let message = Array("what is signed".utf8)
            try TestFile.write("what is signed", to: "\(folder)/message")
            try TestFile.write(key.signature(of: message), to: "\(folder)/own")
            let hash = kind.contains("ec_paramgen_curve:P-384") ? "sha384" : "sha256"
            let digest = kind.contains("ED25519") ? ["-rawin"] : ["-rawin", "-digest", hash]
            let both = ["-in", "\(folder)/message"] + digest
            try Oracle("openssl").output(
                ["pkeyutl", "-verify", "-pubin", "-inkey", "\(folder)/key.pub", "-sigfile", "\(folder)/own"] + both)
            try Oracle("openssl").output(
                ["pkeyutl", "-sign", "-inkey", "\(folder)/key.pem", "-out", "\(folder)/other"] + both)
            let publicKey = try PublicKey(pem: TestFile.read("\(folder)/key.pub"))
            let other = try TestFile.read("\(folder)/other")
            #expect(publicKey.verifies(other, of: message))
            #expect(!publicKey.verifies(other, of: message + [0]))
            #expect(!publicKey.verifies(Array(other.dropLast()), of: message))
            #expect(publicKey.fingerprint == key.publicKey.fingerprint)
            #expect(try PublicKey(pem: Array(publicKey.pem.utf8)).der == publicKey.der)
        }
    }

    @Test func aProgramSigns() async throws {
        try await Self.withKey(Self.kinds[0]) { folder, key in
            let command = "openssl pkeyutl -sign -inkey '\(folder)/key.pem' -pkeyopt digest:sha256"
            func signature(_ command: String) async throws -> [UInt8] {
                let signer = try CommandSigner(
                    command: command, publicKey: key.publicKey, environment: Program.environment)
                return try await signer.signature(of: [1, 2, 3])
            }
            let made = try await signature(command)
            #expect(key.publicKey.verifies(made, of: [1, 2, 3]))
            let failed = await #expect(throws: SignatureError.self) {
                try await signature("cat >/dev/null; echo 'no token' >&2; exit 3")
            }
            #expect(failed?.description.hasSuffix("failed: no token") == true)
            let wrong = await #expect(throws: SignatureError.self) { try await signature("cat") }
            #expect(wrong?.description == "what the signer 'cat' wrote is not a signature by the public key")
        }
    }

    @Test func refusesWhatIsNotAKey() async throws {
        let short = await #expect(throws: SignatureError.self) {
            try await Self.withKey(["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]) { _, _ in }
        }
        #expect(short?.description == "the key is of a kind that is not supported")
        #expect(throws: SignatureError.self) { try PublicKey(pem: Array("-----BEGIN PUBLIC KEY-----\nAAAA".utf8)) }
        #expect(throws: SignatureError.self) { try PrivateKey(pem: []) }
        try await withTemporaryDirectory { folder in
            try await Oracle("openssl")(
                "genpkey", "-algorithm", "ED25519", "-aes256", "-pass", "pass:x", "-out", "\(folder)/locked.pem")
            let error = #expect(throws: SignatureError.self) { try PrivateKey(named: "\(folder)/locked.pem") }
            #expect(error?.hint == "'openssl pkey -in KEY -out PLAIN.pem' removes a passphrase")
        }
    }
}
