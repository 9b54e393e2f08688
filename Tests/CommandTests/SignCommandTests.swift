import Foundation
import TestSupport
import Testing

/// `moby sign` and `moby verify` of a build, with openssl as a judge.
struct SignCommandTests {
    private static func with(_ body: @escaping @Sendable (String) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            try await Oracle("openssl")(
                "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "\(folder)/key.pem")
            try await Oracle("openssl")("pkey", "-in", "\(folder)/key.pem", "-pubout", "-out", "\(folder)/key.pub")
            try SampleImage().write(layout: "\(folder)/image")
            try TestFile.write("init: [\"oci:image\"]\n", to: "\(folder)/web.yml")
            let built = try moby(["build", "--format", "tar", "web.yml"], folder)
            #expect(built.status == 0, "\(built.error)")
            try await body(folder)
        }
    }

    private static func moby(_ arguments: [String], _ folder: String) throws -> Program.Result {
        try Program.run(arguments, in: folder, environment: ["MOBY_CACHE": "\(folder)/store"])
    }

    @Test func aSignedRecordCoversItsArtifacts() async throws {
        try await Self.with { folder in
            let signed = try Self.moby(["sign", "--key", "key.pem", "web-build.json"], folder)
            #expect(signed.status == 0 && signed.output == "web-build.json.sigstore.json\n", "\(signed.error)")
            let verify = ["verify", "--key", "key.pub", "web-build.json"]
            let verified = try Self.moby(verify, folder)
            #expect(verified.status == 0 && verified.output.contains("signed by key 'key.pub'"), "\(verified.error)")

            // The same signature as openssl sees it.
            let bundle = try #require(
                JSONSerialization.jsonObject(with: Data(TestFile.read("\(folder)/web-build.json.sigstore.json")))
                    as? [String: Any])
            let message = try #require(bundle["messageSignature"] as? [String: Any])
            let signature = try #require((message["signature"] as? String).flatMap { Data(base64Encoded: $0) })
            try TestFile.write(Array(signature), to: "\(folder)/signature")
            try await Oracle("openssl")(
                "dgst", "-sha256", "-verify", "\(folder)/key.pub", "-signature", "\(folder)/signature",
                "\(folder)/web-build.json")

            let artifact = try #require(
                try TestFile.tree(in: folder).first { $0.hasPrefix("web") && $0.hasSuffix(".tar") })
            var bytes = try TestFile.read("\(folder)/\(artifact)")
            bytes[0] ^= 1
            try TestFile.write(bytes, to: "\(folder)/\(artifact)")
            let changed = try Self.moby(verify, folder)
            #expect(changed.status == 1 && changed.error.contains("'\(artifact)' has SHA-256"), "\(changed.error)")
            let again = try Self.moby(["sign", "--key", "key.pem", "web-build.json"], folder)
            #expect(again.status == 1 && again.error.contains("changed after it was built"), "\(again.error)")
        }
    }

    /// What `cosign sign-blob` writes.
    @Test func aSignatureInBase64IsVerified() async throws {
        try await Self.with { folder in
            try TestFile.write("text\n", to: "\(folder)/file")
            let missing = try Self.moby(["verify", "--key", "key.pub", "file"], folder)
            #expect(
                missing.status == 1
                    && missing.error.contains("no signature: 'file.sigstore.json' or 'file.sig' does not exist"),
                "\(missing.error)")
            try await Oracle("openssl")(
                "dgst", "-sha256", "-sign", "\(folder)/key.pem", "-out", "\(folder)/raw", "\(folder)/file")
            let base64 = Data(try TestFile.read("\(folder)/raw")).base64EncodedString()
            try TestFile.write(base64 + "\n", to: "\(folder)/file.sig")
            #expect(try Self.moby(["verify", "--key", "key.pub", "file"], folder).status == 0)
            try TestFile.write("Text\n", to: "\(folder)/file")
            let changed = try Self.moby(["verify", "--key", "key.pub", "file"], folder)
            #expect(changed.status == 1 && changed.error.contains("not signed by key 'key.pub'"), "\(changed.error)")
        }
    }

    @Test func aProgramSigns() async throws {
        try await Self.with { folder in
            let signer = "openssl pkeyutl -sign -inkey key.pem -pkeyopt digest:sha256"
            let signed = try Self.moby(
                ["sign", "--signer", signer, "--signer-key", "key.pub", "web-build.json"], folder)
            #expect(signed.status == 0, "\(signed.error)")
            #expect(try Self.moby(["verify", "--key", "key.pub", "web-build.json"], folder).status == 0)
        }
    }

    @Test(arguments: [
        (["sign", "f"], "a key is missing"),
        (["sign", "--key", "a", "--signer", "b", "--signer-key", "c", "f"], "cannot be combined"),
        (["sign", "--signer", "b", "f"], "--signer and --signer-key require each other"),
        (["verify", "f"], "give --key, or all of --root, --issuer and --identity"),
        (["verify", "--key", "k", "--root", "r", "f"], "give --key, or all of"),
        (["verify", "--key", "k", "--signature", "s", "f", "g"], "--signature belongs to one file"),
        (["cache", "push", "--sign", "x"], "--sign and a key (--key or --signer) require each other"),
    ])
    func wrongUse(_ arguments: [String], _ message: String) throws {
        let result = try Program.run(arguments)
        #expect(result.status == 64 && result.error.contains(message), "\(result.error)")
    }
}
