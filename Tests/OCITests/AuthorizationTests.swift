import Extents
import HTTP
import TestSupport
import Testing

@testable import OCI

/// Who gets to see which secret.
struct AuthorizationTests {
    static func environment(_ folder: String, _ host: String, _ login: String) throws -> [String: String] {
        try TestFile.write(#"{"auths":{"\#(host)":\#(login)}}"#, to: "\(folder)/login/config.json")
        return ["DOCKER_CONFIG": "\(folder)/login"]
    }

    /// A registry that wants `Bearer good`, and sends to a token server of its own.
    static func bearer(_ tokens: ScriptedServer) throws -> ScriptedRegistry {
        let realm = "http://\(tokens.host)/token?x=y"
        return try ScriptedRegistry { request in
            if request.headers["authorization"] == "Bearer good" { return nil }
            let challenge = #"Bearer realm="\#(realm)",service="registry, test",scope="repository:acme/web:pull""#
            return .init(401, headers: ["WWW-Authenticate": challenge], text: #"{"errors":[{"code":"UNAUTHORIZED"}]}"#)
        }
    }

    @Test(arguments: ["token", "access_token"])
    func anonymousToken(field: String) async throws {
        try await withTemporaryDirectory { folder in
            let tokens = try ScriptedServer { _ in .init(text: #"{"\#(field)":"good"}"#) }
            let registry = try Self.bearer(tokens)
            _ = try await RegistryTests.provider("\(folder)/store").image(registry.name)
            let asked = tokens.requests
            #expect(
                asked.map(\.target) == ["/token?x=y&service=registry%2C%20test&scope=repository%3Aacme%2Fweb%3Apull"])
            #expect(asked.allSatisfy { $0.headers["authorization"] == nil })
            // One refusal, then the token is known: manifest, configuration, layer.
            #expect(registry.server.requests.count == 4)
        }
    }

    @Test func passwordGoesToTheTokenServerOnly() async throws {
        try await withTemporaryDirectory { folder in
            let tokens = try ScriptedServer { request in
                request.headers["authorization"] == "Basic dTpw"
                    ? .init(text: #"{"token":"good"}"#) : .init(401, text: #"{"details":"no"}"#)
            }
            let registry = try Self.bearer(tokens)
            let environment = try Self.environment(folder, registry.server.host, #"{"username":"u","password":"p"}"#)
            _ = try await RegistryTests.provider("\(folder)/a", environment: environment).image(registry.name)
            #expect(tokens.requests.count == 1)
            #expect(registry.server.requests.allSatisfy { $0.headers["authorization"]?.hasPrefix("Basic") != true })
            let wrong = try Self.environment(folder, registry.server.host, #"{"username":"u","password":"secret"}"#)
            let error = await #expect(throws: ContextError.self) {
                try await RegistryTests.provider("\(folder)/b", environment: wrong).image(registry.name)
            }
            let text = error?.text ?? ""
            #expect(
                text.contains("/token: 401 no") && text.contains("give no access") && !text.contains("secret"),
                "\(text)")
        }
    }

    @Test func identityTokenIsExchanged() async throws {
        try await withTemporaryDirectory { folder in
            let tokens = try ScriptedServer { _ in .init(text: #"{"access_token":"good"}"#) }
            let registry = try Self.bearer(tokens)
            let environment = try Self.environment(folder, registry.server.host, #"{"identitytoken":"refresh&me"}"#)
            _ = try await RegistryTests.provider("\(folder)/store", environment: environment).image(registry.name)
            let request = try #require(tokens.requests.first)
            #expect(request.method == "POST" && request.headers["content-type"] == "application/x-www-form-urlencoded")
            #expect(
                String(decoding: request.body, as: UTF8.self).hasSuffix(
                    "grant_type=refresh_token&client_id=moby&refresh_token=refresh%26me"))
        }
    }

    @Test func expiredTokenIsRenewed() async throws {
        try await withTemporaryDirectory { folder in
            let count = Counter()
            let tokens = try ScriptedServer { _ in .init(text: #"{"token":"t\#(count.next())"}"#) }
            let registry = try ScriptedRegistry()
            let challenge = #"Bearer realm="http://\#(tokens.host)/""#
            registry.answer { request in
                let wanted = request.target.contains("/blobs/") ? ["Bearer t2", "Bearer t3"] : ["Bearer t1"]
                return wanted.contains(request.headers["authorization"] ?? "")
                    ? nil : .init(401, headers: ["WWW-Authenticate": challenge])
            }
            _ = try await RegistryTests.provider("\(folder)/store").image(registry.name)
            #expect(tokens.requests.count >= 2)
        }
    }

    @Test(arguments: [301, 302, 307, 308])
    func authorizationStaysWithItsHost(status: Int) async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let sample = registry.sample
            let storage = try ScriptedServer { request in
                ScriptedRegistry.usual(.init(target: request.target.replacing("?signature=s", with: "")), sample)
            }
            registry.answer { request in
                guard request.headers["authorization"] == "Basic dTpw" else {
                    return .init(401, headers: ["WWW-Authenticate": #"Basic realm="x""#])
                }
                guard request.target.contains("/blobs/") else { return nil }
                if request.target.hasSuffix("?here") {
                    return .init(
                        status, headers: ["Location": "http://\(storage.host)\(request.target.dropLast(5))?signature=s"]
                    )
                }
                return .init(status, headers: ["Location": "\(request.target)?here"])
            }
            let environment = try Self.environment(folder, registry.server.host, #"{"auth":"dTpw"}"#)
            _ = try await RegistryTests.provider("\(folder)/store", environment: environment).image(registry.name)
            #expect(storage.requests.count == 2)
            #expect(storage.requests.allSatisfy { $0.headers["authorization"] == nil })
            let here = registry.server.requests.filter { $0.target.hasSuffix("?here") }
            #expect(here.count == 2 && here.allSatisfy { $0.headers["authorization"] == "Basic dTpw" })
        }
    }

    /// A refusal by another host does not make us answer it with our password.
    @Test func challengeOfAnotherHostIsNotAnswered() async throws {
        try await withTemporaryDirectory { folder in
            let thief = try ScriptedServer { _ in .init(401, headers: ["WWW-Authenticate": #"Basic realm="x""#]) }
            let registry = try ScriptedRegistry { request in
                request.target.contains("/blobs/") ? .init(307, headers: ["Location": "http://\(thief.host)/x"]) : nil
            }
            let environment = try Self.environment(folder, registry.server.host, #"{"auth":"dTpw"}"#)
            await #expect(throws: ContextError.self) {
                try await RegistryTests.provider("\(folder)/store", environment: environment).image(registry.name)
            }
            #expect(!thief.requests.isEmpty && thief.requests.allSatisfy { $0.headers["authorization"] == nil })
        }
    }

    /// A registry that was reached by TLS, or is not on this machine, does not make us send a password in the clear to
    /// this one.
    @Test(arguments: [("https://r.example", false), ("http://127.0.0.1:5000", true)])
    func tokenServersOnLoopback(origin: String, isAsked: Bool) async throws {
        try await withTemporaryDirectory { folder in
            let tokens = try ScriptedServer { _ in .init(text: #"{"token":"good"}"#) }
            let environment = try Self.environment(folder, "r.example", #"{"username":"u","password":"p"}"#)
            let redirects = Redirects(transport: try CurlTransport(environment: [:])) { _ in false }
            let authorizer = Authorizer(
                credentials: Credentials(environment: environment), allowsPlain: redirects.allowsPlain
            ) {
                try await redirects.exchange($0, into: $1)
            }
            let audience = Authorizer.Audience(
                origin: origin, host: RegistryHost(name: "r.example"), repository: "acme/web", actions: "pull")
            let challenge = Challenge(scheme: "bearer", parameters: ["realm": "http://\(tokens.host)/token"])
            if isAsked {
                #expect(try await authorizer.answer([challenge], for: audience) == "Bearer good")
            } else {
                let error = await #expect(throws: RegistryCredentialError.self) {
                    try await authorizer.answer([challenge], for: audience)
                }
                #expect(
                    error?.description.contains("a token server without encryption: http://\(tokens.host)/token")
                        == true
                )
                #expect(tokens.requests.isEmpty)
            }
        }
    }

    /// By TLS to one server, in the clear to another: not followed, on this machine neither.
    @Test func redirectsDoNotLeaveTLS() async throws {
        let stand = Redirecting(to: "http://127.0.0.1:1/x")
        let redirects = Redirects(transport: stand) { $0.host == "named.example" }
        let request = HTTPRequest("GET", try #require(WebURL("https://r.example/v2/")))
        let error = await #expect(throws: TransportError.self) {
            try await redirects.exchange(request, into: BufferSink(limit: 10))
        }
        #expect(error?.description == "redirect to http://127.0.0.1:1/x, which is not encrypted")
        #expect(error.map { RegistryError(request, $0).hint?.contains("--insecure-registry") } == true)
    }

    private struct Redirecting: HTTPTransport {
        let location: String

        init(to location: String) { self.location = location }

        func exchange(_ request: HTTPRequest, into sink: any HTTPBodySink) async throws -> HTTPResponse {
            HTTPResponse(status: 302, headers: ["Location": location])
        }
    }

    @Test(arguments: [
        (#"Bearer realm="http://tokens.example/""#, "without encryption: http://tokens.example/"),
        (#"Bearer realm="file:///etc/passwd""#, "no valid token server"),
        ("Bearer", "no valid token server"),
        (#"Bearer realm="http://127.0.0.1:1/token""#, "GET http://127.0.0.1:1/token: "),
        ("Negotiate", "401"),
    ])
    func unusableChallenges(challenge: String, reason: String) async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry { _ in .init(401, headers: ["WWW-Authenticate": challenge]) }
            let error = await #expect(throws: ContextError.self) {
                try await RegistryTests.provider("\(folder)/store").image(registry.name)
            }
            #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        }
    }

    @Test(arguments: [
        ("/v2/acme/web/manifests/1", "more than 10 redirects"),
        ("file:///etc/passwd", "302 redirects to 'file:///etc/passwd', which is not a web address"),
        ("gopher://u:pw@x/?s", "302 redirects to 'gopher://x/', which is not a web address"),
    ])
    func badRedirects(location: String, reason: String) async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry { _ in .init(302, headers: ["Location": location]) }
            let error = await #expect(throws: ContextError.self) {
                try await RegistryTests.provider("\(folder)/store").image(registry.name)
            }
            #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        }
    }
}
