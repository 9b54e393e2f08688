import Cloud
import Foundation
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import GCP

/// Logging in, against a token server that checks what Google's checks.
struct AuthTests {
    /// A key made for this test, as a service account's JSON file.
    static func key(in folder: String, tokenURL: String) async throws -> String {
        let pem = "\(folder)/key.pem"
        try await Oracle("openssl")("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", pem)
        let fields = [
            "type": "service_account", "project_id": "infoslack-1337", "private_key_id": "k1",
            "private_key": try TestFile.text(pem),
            "client_email": "moby@infoslack-1337.iam.gserviceaccount.com", "token_uri": tokenURL,
        ]
        try TestFile.write(try JSONEncoder().encode(fields), to: "\(folder)/gcp.json")
        return "\(folder)/gcp.json"
    }

    private func fields(_ body: [UInt8]) -> [String: String] {
        var components = URLComponents()
        components.percentEncodedQuery = String(decoding: body, as: UTF8.self)
        return Dictionary(uniqueKeysWithValues: (components.queryItems ?? []).map { ($0.name, $0.value ?? "") })
    }

    private func decoded(_ part: Substring) throws -> Data {
        let text = part.replacing("-", with: "+").replacing("_", with: "/")
        return try #require(Data(base64Encoded: text + String(repeating: "=", count: (4 - text.count % 4) % 4)))
    }

    /// The signature is judged by openssl, the claims by what "Using OAuth 2.0 for server to server applications" asks
    /// for.
    @Test func aServiceAccountSignsItsClaims() async throws {
        try await withTemporaryDirectory { folder in
            let server = try ScriptedServer { _ in .init(500) }
            server.answer { request in
                request.target == "/token"
                    ? .init(text: #"{"access_token":"ya29.first","expires_in":3599,"token_type":"Bearer"}"#)
                    : .init(request.headers["authorization"] == "Bearer ya29.first" ? 200 : 401, text: #"{"name":"p"}"#)
            }
            let keys = try await Self.key(in: folder, tokenURL: "http://\(server.host)/token")
            let credential = try Credential.find(keys: keys, environment: [:])
            #expect(credential.project == "infoslack-1337")
            let client = try Clients.client(credential, api: "http://\(server.host)")
            try await client.send(Compute.Calls(client.endpoints, project: "p", zone: "z").projectFacts)
            try await client.send(Compute.Calls(client.endpoints, project: "p", zone: "z").zoneFacts)
            let asked = server.requests.filter { $0.target == "/token" }
            #expect(asked.count == 1)
            let sent = fields(try #require(asked.first).body)
            #expect(sent["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer")
            let parts = try #require(sent["assertion"]).split(separator: ".")
            #expect(parts.count == 3)
            #expect(
                String(decoding: try decoded(parts[0]), as: UTF8.self) == #"{"alg":"RS256","kid":"k1","typ":"JWT"}"#)
            let claims = try JSONDecoder().decode(Claims.self, from: decoded(parts[1]))
            #expect(claims.iss == "moby@infoslack-1337.iam.gserviceaccount.com")
            #expect(claims.aud == "http://\(server.host)/token")
            #expect(claims.exp - claims.iat == 3600)
            #expect(claims.scope.split(separator: " ").allSatisfy { $0.hasPrefix("https://www.googleapis.com/auth/") })
            try TestFile.write(Array("\(parts[0]).\(parts[1])".utf8), to: "\(folder)/signed")
            try TestFile.write(try decoded(parts[2]), to: "\(folder)/signature")
            try await Oracle("openssl")("pkey", "-in", "\(folder)/key.pem", "-pubout", "-out", "\(folder)/public.pem")
            let verdict = try await Oracle("openssl")(
                "dgst", "-sha256", "-verify", "\(folder)/public.pem", "-signature", "\(folder)/signature",
                "\(folder)/signed")
            #expect(verdict.contains("Verified OK"))
        }
    }

    private struct Claims: Decodable {
        let iss: String
        let scope: String
        let aud: String
        let iat: Int64
        let exp: Int64
    }

    private static let user =
        #"{"type":"authorized_user","client_id":"c","client_secret":"s3cret","refresh_token":"r/1+2","quota_project_id":"q"}"#

    /// A token that ran out by the clock, and one that the server no longer takes.
    @Test func tokensAreRenewed() async throws {
        try await withTemporaryDirectory { folder in
            try TestFile.write(Self.user, to: "\(folder)/gcloud/application_default_credentials.json")
            let credential = try Credential.find(keys: nil, environment: ["CLOUDSDK_CONFIG": "\(folder)/gcloud"])
            let number = Counter()
            let clock = Mutex<Int64>(1000)
            let refused = Mutex("ya29.none")
            let server = try ScriptedServer { request in
                if request.target == "/token" {
                    return .init(text: #"{"access_token":"ya29.\#(number.next())","expires_in":3600}"#)
                }
                let token = request.headers["authorization"] ?? ""
                if token == "Bearer \(refused.withLock { $0 })" {
                    return .error(401, "authError", "Invalid Credentials")
                }
                return .init(text: #"{"name":"\#(token)"}"#)
            }
            let time: @Sendable () -> Int64 = { clock.withLock { $0 } }
            let client = try Clients.client(credential, api: "http://\(server.host)", time: time)
            struct Name: Decodable { let name: String }
            let call = Compute.Calls(client.endpoints, project: "p", zone: "z").projectFacts
            #expect(try await client.send(call, as: Name.self).name == "Bearer ya29.1")
            clock.withLock { $0 += 3530 }
            #expect(try await client.send(call, as: Name.self).name == "Bearer ya29.1")
            clock.withLock { $0 += 20 }
            #expect(try await client.send(call, as: Name.self).name == "Bearer ya29.2")
            refused.withLock { $0 = "ya29.2" }
            #expect(try await client.send(call, as: Name.self).name == "Bearer ya29.3")
            let sent = fields(try #require(server.requests.first).body)
            #expect(
                sent == [
                    "grant_type": "refresh_token", "client_id": "c", "client_secret": "s3cret",
                    "refresh_token": "r/1+2",
                ])
            #expect(server.requests.last?.headers["x-goog-user-project"] == "q")
        }
    }

    @Test func theMetadataServerIsAskedLast() async throws {
        let server = try ScriptedServer { request in
            guard request.headers["metadata-flavor"] == "Google" || request.headers["authorization"] != nil else {
                return .init(403)
            }
            return .init(
                text:
                    #"{"access_token":"ya29.machine","expires_in":300,"name":"\#(request.headers["authorization"] ?? "")"}"#
            )
        }
        let client = try Clients.client(
            try Credential.find(keys: "", environment: ["HOME": "/nonexistent"]), api: "http://\(server.host)")
        try await client.send(Compute.Calls(client.endpoints, project: "p", zone: "z").projectFacts)
        #expect(server.requests.map(\.target).first == "/computeMetadata/v1/instance/service-accounts/default/token")
        #expect(server.requests.last?.headers["authorization"] == "Bearer ya29.machine")
    }

    @Test func noCredentialsAreASentence() async throws {
        var endpoints = Endpoints()
        (endpoints.compute, endpoints.metadata) = ("https://127.0.0.1:1/compute/v1", "http://127.0.0.1:1")
        let client = GoogleClient(
            .machine, transport: try CurlTransport(environment: [:]), endpoints: endpoints, retries: Clients.retries)
        let error = try await #require(throws: CredentialError.self) {
            try await client.send(Compute.Calls(client.endpoints, project: "p", zone: "z").projectFacts)
        }
        #expect("\(error)" == "there are no Google credentials")
        #expect(error.hint?.contains("gcloud auth application-default login") == true)
    }

    /// Storage and Compute at one address by plain HTTP: emulated storage is asked without a token, Compute with it.
    @Test func eachAPICountsByItself() async throws {
        try await withTemporaryDirectory { folder in
            try TestFile.write(Self.user, to: "\(folder)/u")
            let server = try ScriptedServer { request in
                .init(
                    text: request.target == "/token"
                        ? #"{"access_token":"ya29.x","expires_in":300}"# : #"{"bucket":"b","name":"n"}"#)
            }
            let api = "http://\(server.host)"
            let client = try Clients.client(
                try Credential.read("\(folder)/u", namedBy: "--keys"), storage: api, api: api)
            _ = try await client.find(Storage(client).calls.object("b", "n"), as: StoredObject.self)
            #expect(server.requests.map { $0.headers["authorization"] } == [nil])
            try await client.send(Compute.Calls(client.endpoints, project: "p", zone: "z").projectFacts)
            #expect(server.requests.last?.headers["authorization"] == "Bearer ya29.x")
        }
    }

    /// An API simulated on this machine needs no credentials; they are searched for once.
    @Test func loopbackNeedsNoCredentials() async throws {
        let server = try ScriptedServer { request in
            request.target.hasPrefix("/computeMetadata/") ? .init(text: "no token") : .init(text: #"{"name":"p"}"#)
        }
        let client = try Clients.client(.machine, api: "http://\(server.host)")
        for _ in 0..<2 { try await client.send(Compute.Calls(client.endpoints, project: "p", zone: "z").projectFacts) }
        #expect(server.requests.map { $0.headers["authorization"] } == [nil, nil, nil])
    }

    @Test(arguments: ["broken", "ec"]) func keysThatCannotSignAreRefusedWhenTheyAreRead(kind: String) async throws {
        try await withTemporaryDirectory { folder in
            let keys = try await Self.key(in: folder, tokenURL: "https://example.org/token")
            if kind == "ec" {
                try await Oracle("openssl")(
                    "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "\(folder)/key.pem")
            } else {
                try TestFile.write(
                    try TestFile.text("\(folder)/key.pem").replacing("A", with: "!"), to: "\(folder)/key.pem")
            }
            let fields = [
                "type": "service_account", "client_email": "a@b", "private_key": try TestFile.text("\(folder)/key.pem"),
            ]
            try TestFile.write(try JSONEncoder().encode(fields), to: keys)
            let error = try #require(throws: CredentialError.self) { try Credential.find(keys: keys, environment: [:]) }
            #expect(error.description.hasPrefix("'\(keys)' (of --keys): the private key "), "\(error)")
        }
    }

    static let problems: [(String, String)] = [
        ("not json", "is not a credentials file"), (#"{"type":"external_account"}"#, "of the type 'external_account'"),
        (#"{"type":"service_account","client_email":"a@b"}"#, "'private_key' is missing"),
        (#"{"type":"service_account","client_email":7,"private_key":"s3cret"}"#, "'client_email' is not a string"),
        (#"{"type":"authorized_user","client_id":"c","client_secret":"s3cret"}"#, "'refresh_token' is missing"),
    ]

    @Test(arguments: problems) func badFilesAreSentences(text: String, message: String) async throws {
        try await withTemporaryDirectory { folder in
            try TestFile.write(text, to: "\(folder)/k.json")
            let error = try #require(throws: CredentialError.self) {
                try Credential.find(keys: nil, environment: ["GOOGLE_APPLICATION_CREDENTIALS": "\(folder)/k.json"])
            }
            #expect(error.description.contains(message))
            #expect(error.description.hasPrefix("'\(folder)/k.json' (of GOOGLE_APPLICATION_CREDENTIALS)"), "\(error)")
            #expect(!"\(error)".contains("s3cret"))
        }
    }

    /// A file that exists and cannot be reached is not treated as a missing one.
    @Test func aLoginThatCannotBeReachedIsReported() async throws {
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/application_default_credentials.json"
            guard case .machine = try Credential.find(keys: nil, environment: ["CLOUDSDK_CONFIG": folder]) else {
                Issue.record("expected the machine's credentials")
                return
            }
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
            let error = try #require(throws: CredentialError.self) {
                try Credential.find(keys: nil, environment: ["CLOUDSDK_CONFIG": folder])
            }
            #expect(error.description.contains("'\(path)'"), "\(error)")
        }
    }

    @Test(arguments: ["ftp://ada:s3cret@example.org/", "https://ada:s3cret@exam ple.org/?token=s3cret"])
    func aWrongURLIsShownWithoutSecrets(url: String) async throws {
        let client = try Clients.client()
        let error = try await #require(throws: GoogleError.self) {
            try await client.send(CloudCall(.compute, "looking up something", "GET", url))
        }
        #expect(error.description.contains("is not an http or https URL"))
        #expect(!error.description.contains("s3cret"), "\(error)")
    }

    @Test func secretsAreNotPrinted() async throws {
        try await withTemporaryDirectory { folder in
            let keys = try await Self.key(in: folder, tokenURL: "https://example.org/token")
            var texts: [String] = []
            for path in [
                keys,
                try {
                    try TestFile.write(Self.user, to: "\(folder)/u"); return "\(folder)/u"
                }(),
            ] {
                let credential = try Credential.read(path, namedBy: "--keys")
                var dumped = ""
                dump(credential, to: &dumped)
                texts += ["\(credential)", String(reflecting: credential), dumped]
            }
            for text in texts {
                #expect(!text.contains("s3cret") && !text.contains("PRIVATE") && !text.contains("r/1+2"))
            }
        }
    }

    @Test(arguments: ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]) func badKeysAreSentences(
        pem: String
    ) throws {
        let error = try #require(throws: CredentialError.self) { try RSASignature.sign([1], key: Secret(pem)) }
        #expect("\(error)" == "the private key cannot be read")
    }

    @Test func secretsDoNotGoOverPlainHTTP() async throws {
        try await withTemporaryDirectory { folder in
            try TestFile.write(Self.user, to: "\(folder)/u")
            let client = try Clients.client(
                try Credential.read("\(folder)/u", namedBy: "--keys"), api: "http://192.0.2.1")
            let error = try await #require(throws: CredentialError.self) {
                try await client.send(Compute.Calls(client.endpoints, project: "p", zone: "z").projectFacts)
            }
            #expect("\(error)" == "secrets are not sent to http://192.0.2.1/token: the URL is not https")
        }
    }

    @Test func aRefusedLoginIsASentence() async throws {
        try await withTemporaryDirectory { folder in
            try TestFile.write(Self.user, to: "\(folder)/u")
            let server = try ScriptedServer { _ in
                .init(400, text: #"{"error":"invalid_grant","error_description":"Token has been expired or revoked."}"#)
            }
            let client = try Clients.client(
                try Credential.read("\(folder)/u", namedBy: "--keys"), api: "http://\(server.host)")
            let error = try await #require(throws: GoogleError.self) {
                try await client.send(Compute.Calls(client.endpoints, project: "p", zone: "z").projectFacts)
            }
            #expect(
                "\(error)"
                    == "logging in with '\(folder)/u' (of --keys): Token has been expired or revoked (400 invalid_grant)"
            )
            #expect(error.hint?.hasPrefix("log in again") == true)
        }
    }
}
