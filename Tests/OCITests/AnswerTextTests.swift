import Extents
import HTTP
import TestSupport
import Testing

@testable import OCI

/// What a user reads when a registry, a portal or a proxy answers something else.
struct AnswerTextTests {
    /// - Returns: the text of the error.
    static func text(
        _ folder: String, _ registry: ScriptedRegistry, environment: [String: String] = [:], name: String? = nil,
        mirrors: [String] = []
    ) async throws -> String {
        let provider = try RegistryTests.provider(
            folder, environment: environment, mirrors: mirrors, retry: RetryPolicy(tries: 1))
        let error = await #expect(throws: (any Error).self) { try await provider.image(name ?? registry.name) }
        return error.map { "\($0)" + ($0.anyHint.map { "\n  hint: \($0)" } ?? "") } ?? ""
    }

    @Test(arguments: [
        (200, "text/html", "<html>log in</html>", "status 200, 19 bytes of 'text/html': not valid JSON"),
        (204, "", "", "status 204, 0 bytes of no content type: not valid JSON"),
        (
            200, "application/json", #"{"schemaVersion":2,"layers":[{"size":9223372036854775808}]}"#,
            "status 200, 59 bytes of 'application/json': "
        ),
        (
            200, "", String(repeating: "[", count: 10_000),
            "status 200, 10000 bytes of no content type: not valid JSON"
        ),
    ])
    func otherThanAManifest(status: Int, type: String, body: String, said: String) async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry { request in
                guard request.target.contains("/manifests/") else { return nil }
                return .init(status, headers: type.isEmpty ? [:] : ["Content-Type": type], text: body)
            }
            let text = try await Self.text(folder, registry)
            #expect(text.contains("GET http://\(registry.server.host)/v2/acme/web/manifests/1: \(said)"), "\(text)")
        }
    }

    @Test func manifestWithoutEnd() async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry { request in
                guard request.target.contains("/manifests/") else { return nil }
                var response = ScriptedServer.Response(200, body: Array(repeating: 32, count: 1 << 20))
                response.isEndless = true
                return response
            }
            let text = try await Self.text(folder, registry)
            #expect(
                text.contains("/v2/acme/web/manifests/1: the answer has ")
                    && text.contains("the limit is 4194304"), "\(text)")
        }
    }

    /// Who was asked first and who refused; a login at the first would not help.
    @Test func refusalBehindARedirect() async throws {
        try await withTemporaryDirectory { folder in
            let storage = try ScriptedServer { _ in .init(403, text: "<Error>AccessDenied</Error>") }
            let registry = try ScriptedRegistry { request in
                request.target.contains("/blobs/")
                    ? .init(307, headers: ["Location": "http://\(storage.host)/bucket/x?signature=secret"]) : nil
            }
            let text = try await Self.text(folder, registry)
            #expect(text.contains("redirected to http://\(storage.host)/bucket/x: 403 (no reason given)"), "\(text)")
            #expect(!text.contains("log in") && !text.contains("secret"), "\(text)")
            let nobody = try ScriptedRegistry { request in
                request.target.contains("/blobs/") ? .init(307, headers: ["Location": "http://127.0.0.1:1/x"]) : nil
            }
            let other = try await Self.text("\(folder)/b", nobody)
            #expect(other.contains("redirected to http://127.0.0.1:1/x: connection refused"), "\(other)")
        }
    }

    /// A server that prints what it was sent.
    @Test func ourSecretsAreCutOut() async throws {
        try await withTemporaryDirectory { folder in
            let tokens = try ScriptedServer { request in
                .init(401, text: #"{"details":"no: \#(request.headers["authorization"] ?? "") hunter22"}"#)
            }
            let registry = try AuthorizationTests.bearer(tokens)
            let environment = try AuthorizationTests.environment(
                folder, registry.server.host, #"{"username":"u","password":"hunter22"}"#)
            let text = try await Self.text("\(folder)/a", registry, environment: environment)
            #expect(text.contains("401 no: Basic (secret) (secret)"), "\(text)")
            let echo = try ScriptedRegistry { request in
                guard let sent = request.headers["authorization"] else {
                    return .init(401, headers: ["WWW-Authenticate": #"Basic realm="x""#])
                }
                return .init(400, text: "you sent \(sent)")
            }
            let basic = try AuthorizationTests.environment(
                folder, echo.server.host, #"{"username":"u","password":"hunter22"}"#)
            let other = try await Self.text("\(folder)/b", echo, environment: basic)
            #expect(other.contains("400 you sent Basic (secret)"), "\(other)")
        }
    }

    @Test(arguments: [
        "http://u:hunter22@m.example", "docker.io=https://u:hunter22@m.example/x", "http://u:hunter22@bad host",
        "u:hunter22@m.example",
    ])
    func mirrorsAreShownWithoutPassword(text: String) async throws {
        try await withTemporaryDirectory { folder in
            let shown = try await Self.text(folder, ScriptedRegistry(), mirrors: [text])
            #expect(shown.contains("m.example") || shown.contains("bad host"))
            #expect(
                !shown.contains("hunter22") && shown.contains("is not of the form [registry=]http(s)://host[/path]"),
                "\(shown)")
        }
    }

    @Test func imageNamesAreShownWithoutPassword() {
        let error = #expect(throws: ImageReferenceError.self) { try ImageReference("https://u:hunter22@r.example/a/b") }
        #expect(
            error?.description == "'https://r.example/a/b' is a URL, expected an image reference; leave out 'https://'")
    }

    /// Proxies do not see hosts of this machine, so the registry is one that only the proxy would know.
    @Test(arguments: [
        (
            407,
            "proxy 'http://PROXY' answered with status 407\n  hint: the proxy needs a login: write it as http://USER:PASSWORD@HOST:PORT"
        ),
        (403, "GET http://registry.example/v2/acme/web/manifests/latest: 403"),
    ])
    func proxies(status: Int, said: String) async throws {
        try await withTemporaryDirectory { folder in
            let proxy = try ScriptedServer { _ in .init(status) }
            let registry = try ScriptedRegistry()
            let environment = [
                "http_proxy": "http://u:hunter22@\(proxy.host)", "https_proxy": "http://u:hunter22@\(proxy.host)",
            ]
            var options = ImageProvider.Options()
            options.environment = environment
            options.insecureRegistries = ["registry.example"]
            let provider = ImageProvider(
                store: try ContentStore(path: folder), options: options, retry: RetryPolicy(tries: 1))
            let error = await #expect(throws: ContextError.self) {
                try await provider.image("registry.example/acme/web")
            }
            let text = error?.text ?? ""
            #expect(text.contains(said.replacing("PROXY", with: proxy.host)) && !text.contains("hunter22"), "\(text)")
            // By TLS the proxy is asked to connect, and its refusal is not the registry's answer.
            let tls = try await Self.text(folder, registry, environment: environment, name: "secure.example/acme/web")
            #expect(
                tls.contains("proxy 'http://\(proxy.host)' answered with status \(status)")
                    && !tls.contains("hunter22"), "\(tls)")
            let gone = try await Self.text(
                folder, registry, environment: ["https_proxy": "http://u:hunter22@127.0.0.1:1"],
                name: "secure.example/acme/web")
            #expect(
                gone.contains("connection refused: proxy 'http://127.0.0.1:1'") && !gone.contains("hunter22"), "\(gone)"
            )
        }
    }

    /// Plain HTTP to a port for TLS.
    @Test(arguments: [(400, "Client sent an HTTP request to an HTTPS server."), (0, "")])
    func plainWhereTLSIsSpoken(status: Int, page: String) async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry { _ in status == 0 ? .hangUp : .init(status, text: page) }
            let text = try await Self.text(folder, registry)
            #expect(
                text.contains("hint: if the registry speaks TLS, name it with --tls-registry \(registry.server.host)"),
                "\(text)")
        }
    }

    /// A registry on this machine that speaks TLS, when it is named so; what goes wrong there has nothing to do with
    /// TLS.
    @Test func registryOnThisMachineWithTLS() async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let front = try await TLSFront(
                before: #require(UInt16(registry.server.host.split(separator: ":").last ?? "")), in: folder)
            let host = String(front.url.dropFirst("https://".count))
            var options = ImageProvider.Options()
            options.platform = Platform(architecture: "amd64")
            options.secureRegistries = [host]
            options.certificateFiles = [front.certificate]
            let provider = ImageProvider(
                store: try ContentStore(path: "\(folder)/store"), options: options, retry: RetryPolicy(tries: 1))
            #expect(try await provider.image("\(host)/acme/web:1").digest == registry.sample.descriptor.digest)
            registry.server.answer { _ in .hangUp }
            let error = await #expect(throws: ContextError.self) { try await provider.image("\(host)/acme/other:1") }
            #expect(
                error?.description.hasSuffix("/manifests/1: the connection closed without an answer") == true,
                "\(error?.description ?? "")")
        }
    }

    /// An image's own words, however long and whatever they do to a terminal.
    @Test(arguments: [String(repeating: "A", count: 8000), "\u{1b}]0;pwned\u{7}"])
    func foreignWordsAreEscapedAndCut(word: String) async throws {
        try await withTemporaryDirectory { folder in
            let digest = "sha256:" + String(repeating: "0", count: 64)
            let quoted = String(decoding: try JSONText.compact(word), as: UTF8.self)
            let documents = [
                #"{"schemaVersion":2,"config":{"mediaType":"x","digest":"\#(digest)","size":1},"layers":[{"mediaType":\#(quoted),"digest":"\#(digest)","size":1}]}"#,
                #"{"schemaVersion":2,"config":{"mediaType":"x","digest":\#(quoted),"size":1},"layers":[]}"#,
                #"{"schemaVersion":2,"mediaType":\#(quoted),"manifests":[]}"#,
                #"{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"\#(digest)","size":1,"platform":{"os":"linux","architecture":\#(quoted)}}]}"#,
                #"{"schemaVersion":2,"manifests":[],"annotations":{\#(quoted):1}}"#,
                #"{"schemaVersion":2,"config":{"mediaType":"x","digest":"\#(digest)","size":\#(String(repeating: "9", count: 5000))},"layers":[]}"#,
            ]
            for document in documents {
                let registry = try ScriptedRegistry {
                    $0.target.contains("/manifests/") ? .init(200, text: document) : nil
                }
                let text = try await Self.text(folder, registry)
                #expect(
                    !text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" } && text.utf8.count < 700, "\(text)")
            }
        }
    }
}
