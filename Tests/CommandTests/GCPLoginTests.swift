import Foundation
import Synchronization
import TestSupport
import Testing

/// The release program with a service account's key, against a scripted Google behind TLS: no endpoint is emulated.
struct GCPLoginTests {
    /// The key of `--keys` signs what the token server is asked with; openssl judges the signature. The token goes to
    /// all three APIs.
    @Test func aServiceAccountLogsIn() async throws {
        try await withTemporaryDirectory { folder in
            let google = try ScriptedGoogle()
            let front = try await TLSFront(before: google.port, in: folder)
            let file = try await GCPCommandTests.tarball(in: folder)
            try await Self.key(in: folder, tokenURL: "\(front.url)/token")
            let result = try Program.run(
                [
                    "run", "gcp", "--cert-file", front.certificate, "--keys", "\(folder)/gcp.json", "-bucket", "images",
                    "-console",
                    "output",
                    file,
                ], environment: google.environment().merging(Self.overrides(front.url)) { _, new in new })
            #expect(result.status == 0, "\(result.error)")
            #expect(google.state.withLock { $0.problems } == [])
            let asked = google.requests.filter { $0.target == "/token" }
            #expect(asked.count == 1)
            try await Self.verify(try #require(asked.first), in: folder)
            let open = google.requests.filter { $0.target != "/token" && !$0.target.hasPrefix("/session/") }
            for path in [
                "/storage/v1/b/images/iam/testPermissions?", "/compute/v1/",
                "/v1/projects/infoslack-1337:testIamPermissions",
            ] {
                #expect(open.contains { $0.target.hasPrefix(path) }, "\(path)")
            }
            #expect(open.allSatisfy { $0.headers["authorization"] == "Bearer ya29.user" })
            #expect(
                google.requests.filter { $0.target.hasPrefix("/session/") }.allSatisfy {
                    $0.headers["authorization"] == nil
                })
        }
    }

    /// A dry run reports a damaged key too.
    @Test func aBrokenKeyIsNamed() async throws {
        try await withTemporaryDirectory { folder in
            let file = try await GCPCommandTests.tarball(in: folder)
            try await Self.key(in: folder, tokenURL: "https://localhost/token") { String($0.dropFirst(30)) }
            for (options, variables, name) in [
                (["--keys", "\(folder)/gcp.json"], [:], "--keys"),
                ([], ["CLOUDSDK_COMPUTE_KEYS": "\(folder)/gcp.json"], "CLOUDSDK_COMPUTE_KEYS"),
                ([], ["GOOGLE_APPLICATION_CREDENTIALS": "\(folder)/gcp.json"], "GOOGLE_APPLICATION_CREDENTIALS"),
            ] {
                let result = try Program.run(["push", "gcp", "--dry-run"] + options + [file], environment: variables)
                #expect(result.status == 1)
                #expect(
                    result.error.hasPrefix("error: '\(folder)/gcp.json' (of \(name)): the private key cannot be read"),
                    "\(result.error)")
            }
        }
    }

    private static func overrides(_ url: String) -> [String: String] {
        [
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": "\(url)/storage/v1/",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": "\(url)/compute/v1/",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER": "\(url)/", "CLOUDSDK_CORE_PROJECT": "",
        ]
    }

    private static func key(in folder: String, tokenURL: String, damage: (String) -> String = { $0 }) async throws {
        try await Oracle("openssl")(
            "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "\(folder)/key.pem")
        try await Oracle("openssl")("pkey", "-in", "\(folder)/key.pem", "-pubout", "-out", "\(folder)/public.pem")
        let account = [
            "type": "service_account", "project_id": "infoslack-1337",
            "client_email": "moby@infoslack-1337.iam.gserviceaccount.com",
            "private_key": damage(try TestFile.text("\(folder)/key.pem")), "private_key_id": "k1",
            "token_uri": tokenURL,
        ]
        try TestFile.write(Array(try JSONEncoder().encode(account)), to: "\(folder)/gcp.json")
    }

    private static func verify(_ request: ScriptedServer.Request, in folder: String) async throws {
        var form = URLComponents()
        form.percentEncodedQuery = String(decoding: request.body, as: UTF8.self)
        let assertion = try #require(form.queryItems?.first { $0.name == "assertion" }?.value)
        let parts = assertion.split(separator: ".")
        try #require(parts.count == 3)
        let text = parts[2].replacing("-", with: "+").replacing("_", with: "/")
        let signature = try #require(
            Data(base64Encoded: text + String(repeating: "=", count: (4 - text.count % 4) % 4)))
        try TestFile.write("\(parts[0]).\(parts[1])", to: "\(folder)/signed")
        try TestFile.write(Array(signature), to: "\(folder)/signature")
        let verdict = try await Oracle("openssl")(
            "dgst", "-sha256", "-verify", "\(folder)/public.pem", "-signature", "\(folder)/signature",
            "\(folder)/signed")
        #expect(verdict == "Verified OK\n")
    }
}
