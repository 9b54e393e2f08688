import DiskImage
import Extents
import Signatures
import TestSupport
import Testing

@Suite struct SigningTests {
    /// Runs `body` with a folder that has `key.pem` and `cert.pem`, and `other.pem` of another key.
    private func withKeys(_ body: (String, SigningKey) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            for (key, certificate) in [("key", "cert"), ("otherkey", "other")] {
                try await Oracle("openssl")(
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(certificate)/", "-days", "30",
                    "-keyout",
                    "\(folder)/\(key).pem", "-out", "\(folder)/\(certificate).pem")
            }
            try await body(
                folder,
                SigningKey(
                    key: PrivateKey(named: "\(folder)/key.pem"),
                    certificate: Certificate(pem: TestFile.read("\(folder)/cert.pem"))))
        }
    }

    private func unifiedKernelImage() throws -> ExtentList {
        try UKI.image(
            stub: ExtentList(file: UKITests.stubPath), osRelease: "ID=moby\n", commandLine: "quiet",
            kernel: .random(100_001, 1),
            initrd: .random(30_003, 2)
        ).content
    }

    @Test func sbverifyIsContentUntilAByteChanges() async throws {
        try await withKeys { folder, key in
            let executables = [
                ("uki", try unifiedKernelImage()), ("stub", try ExtentList(file: UKITests.stubPath)),
                ("loader", try ExtentList(file: "/usr/lib/systemd/boot/efi/systemd-bootx64.efi")),
            ]
            for (name, plain) in executables {
                let signed = try await PE.signed(plain, with: key)
                let path = "\(folder)/\(name).efi"
                try ExtentWriter.write(signed, to: path)
                let answer = try await Oracle("sbverify").run(["--cert", "\(folder)/cert.pem", path])
                #expect(answer.succeeded && answer.text.contains("Signature verification OK"), "\(name): \(answer)")
                #expect(!answer.complaint.contains("gap in section table"), "\(answer)")
                #expect(try await !Oracle("sbverify").run(["--cert", "\(folder)/other.pem", path]).succeeded)
                // The same again: one signature is replaced by the other.
                let again = try await PE.signed(signed, with: key)
                #expect(try ExtentReader.bytes(of: again) == ExtentReader.bytes(of: signed))
                var bytes = try ExtentReader.bytes(of: signed)
                bytes[bytes.count / 2] ^= 1
                try ExtentWriter.write(ExtentList(bytes: bytes), to: path)
                #expect(try await !Oracle("sbverify").run(["--cert", "\(folder)/cert.pem", path]).succeeded)
            }
        }
    }

    /// A program gives the signature that the key itself makes.
    @Test func aProgramSigns() async throws {
        try await withKeys { folder, key in
            let certificate = try Certificate(pem: TestFile.read("\(folder)/cert.pem"))
            func signer(_ key: String) throws -> SigningKey {
                let command = "cat >'\(folder)/digest' && openssl pkeyutl -sign -inkey '\(folder)/\(key).pem'"
                return try SigningKey(
                    key: CommandSigner(
                        command: command + " -pkeyopt digest:sha256 -in '\(folder)/digest'",
                        publicKey: certificate.publicKey, environment: ["PATH": "/usr/bin:/bin"]),
                    certificate: certificate)
            }
            let plain = try unifiedKernelImage()
            let signed = try await PE.signed(plain, with: signer("key"))
            let expected = try await PE.signed(plain, with: key)
            #expect(try ExtentReader.bytes(of: signed) == ExtentReader.bytes(of: expected))
            let error = await #expect(throws: SignatureError.self) {
                try await PE.signed(plain, with: signer("otherkey"))
            }
            #expect(
                error?.description.contains("is not a signature by the public key") == true,
                "\(String(describing: error))")
        }
    }

    @Test func refuses() async throws {
        try await withKeys { folder, key in
            let pair = try PrivateKey(named: "\(folder)/key.pem")
            let other = try Certificate(pem: TestFile.read("\(folder)/other.pem"))
            try await Oracle("openssl")(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=ec/",
                "-keyout", "\(folder)/ec.pem", "-out", "\(folder)/eccert.pem")
            let curve = try PrivateKey(named: "\(folder)/ec.pem")
            let cases: [(() async throws -> Void, String)] = [
                (
                    { _ = try SigningKey(key: curve, certificate: other) },
                    "the signing key is not an RSA key"
                ),
                (
                    { _ = try SigningKey(key: pair, certificate: other) },
                    "the signing key does not belong to the certificate"
                ),
                (
                    { _ = try await PE.signed(.zeros(5000), with: key) },
                    "not a usable EFI executable (PE): no 'MZ' at its start"
                ),
            ]
            for (make, message) in cases {
                let error = await #expect(throws: DiskImageError.self) { try await make() }
                #expect(error?.description == message)
            }
        }
    }
}
