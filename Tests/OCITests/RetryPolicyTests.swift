import Extents
import Synchronization
import Testing

@testable import HTTP
@testable import OCI

struct RetryPolicyTests {
    @Test(arguments: [
        (1, nil, 500), (2, nil, 1000), (3, nil, 2000), (4, nil, nil), (1, "7", 7000), (1, "0", 0), (1, "nonsense", 500),
        (1, "-5", 500),
        (1, "3600", nil), (1, "99999999999999999999", 500), (1, "Thu, 01 Jan 1970 00:00:10 GMT", 0),
        (1, "Fri, 01 Jan 2100 00:00:00 GMT", nil),
    ])
    func pauses(number: Int, field: String?, milliseconds: Int?) {
        var response = HTTPResponse(status: 429)
        response.headers["Retry-After"] = field
        #expect(RetryPolicy().pause(after: number, response) == milliseconds.map { .milliseconds($0) })
    }

    @Test(arguments: [
        (#"Basic realm="x""#, [Challenge(scheme: "basic", parameters: ["realm": "x"])]),
        (
            #"Bearer realm="https://a/b?c=d,e",service="s",scope="repository:x:pull,push""#,
            [
                Challenge(
                    scheme: "bearer",
                    parameters: ["realm": "https://a/b?c=d,e", "service": "s", "scope": "repository:x:pull,push"])
            ]
        ),
        (
            #"Negotiate, BEARER Realm=x , Basic realm="a \"b\"""#,
            [
                Challenge(scheme: "negotiate", parameters: [:]),
                Challenge(scheme: "bearer", parameters: ["realm": "x"]),
                Challenge(scheme: "basic", parameters: ["realm": #"a "b""#]),
            ]
        ),
        // A token instead of parameters, and spaces around the sign (RFC 9110, section 11.2).
        (
            #"Negotiate YII==, Bearer realm="https://a/b""#,
            [
                Challenge(scheme: "negotiate", parameters: [:]),
                Challenge(scheme: "bearer", parameters: ["realm": "https://a/b"]),
            ]
        ),
        (
            "NTLM TlRMTVNTUAAB, Basic",
            [Challenge(scheme: "ntlm", parameters: [:]), Challenge(scheme: "basic", parameters: [:])]
        ),
        (
            #"Bearer realm = "r" , service =  s, Negotiate"#,
            [
                Challenge(scheme: "bearer", parameters: ["realm": "r", "service": "s"]),
                Challenge(scheme: "negotiate", parameters: [:]),
            ]
        ),
        ("", []),
        (",,=", []),
        (#"Bearer realm="unclosed"#, [Challenge(scheme: "bearer", parameters: [:])]),
    ])
    func challenges(field: String, expected: [Challenge]) {
        // An unclosed quotation may leave its name behind as an unknown scheme.
        #expect(Array(Challenge.parse(field).prefix(max(1, expected.count))) == expected)
    }

    @Test(arguments: [
        ("https://m.example", nil, "https://m.example/v2/", ""),
        ("docker.io=https://m.example/hub/", "docker.io", "https://m.example/hub/v2/", ""),
        ("index.docker.io=https://m.example/v2/hub", "docker.io", "https://m.example/v2/", "hub/"),
        ("*=http://localhost:5000", nil, "http://localhost:5000/v2/", ""),
        ("ghcr.io=https://m.example:8443", "ghcr.io", "https://m.example:8443/v2/", ""),
    ])
    func mirrors(text: String, registry: String?, base: String, prefix: String) throws {
        let mirror = try Mirror(text)
        #expect(mirror.registry == registry)
        #expect(try mirror.endpoint.url("a/b", "x").text == "\(base)\(prefix)a/b/x")
    }

    @Test(arguments: [
        "", "m.example", "docker.io=", "ftp://x", "https://m.example/#fragment", "https://user:secret@m.example",
        "https://m.example/?token=x", "https://a b",
    ])
    func badMirrors(text: String) { #expect(throws: MirrorError.self) { try Mirror(text) } }

    @Test(arguments: [
        ("localhost", true), ("LOCALHOST", true), ("127.0.0.1", true), ("127.9.9.9", true), ("[::1]", true),
        ("127.0.0.1.example", false),
        ("128.0.0.1", false), ("127.0.1", false), ("example", false),
    ])
    func loopback(host: String, expected: Bool) { #expect(WebURL.isLoopback(host: host) == expected) }

    @Test func proxiesFollowTheEnvironment() throws {
        let settings = try CurlSettings(
            environment: ["HTTPS_PROXY": "http://p:1", "ALL_PROXY": "socks5://q:2", "HTTP_PROXY": "http://ignored"],
            certificateFiles: [])
        #expect(settings.proxy(for: try #require(WebURL("https://a.example/"))) == "http://p:1")
        #expect(settings.proxy(for: try #require(WebURL("http://a.example/"))) == "socks5://q:2")
        #expect(settings.proxy(for: try #require(WebURL("https://localhost/"))) == "")
    }

    @Test(arguments: [
        ("a.example", "http://a.example/", true), ("a.example", "http://b.a.example/", true),
        (".a.example", "http://b.a.example/", true),
        ("a.example", "http://ba.example/", false), ("x, a.example:7003", "http://a.example:7003/", true),
        ("a.example:7003", "http://a.example/", false), ("a.example:443", "https://a.example/", true),
        ("*", "http://a.example/", true),
        ("10.0.0.0/8", "http://10.1.2.3/", true), ("10.0.0.0/8", "http://11.1.2.3/", false),
        ("192.0.2.1", "http://192.0.2.1:80/", true),
        ("2.1", "http://192.0.2.1/", false), ("[2001:db8::1]:80", "http://[2001:db8::1]/", true),
        ("2001:db8::1", "http://[2001:db8::1]/", true),
        ("2001:db8::/33", "http://[2001:db8:7fff::1]/", true), ("2001:db8::/33", "http://[2001:db8:8000::1]/", false),
        ("", "http://a.example/", false),
    ])
    func hostsWithoutProxy(list: String, url: String, expected: Bool) throws {
        let settings = try CurlSettings(
            environment: ["all_proxy": "http://p:1", "NO_PROXY": list], certificateFiles: [])
        #expect(settings.proxy(for: try #require(WebURL(url))).isEmpty == expected)
    }

    @Test func pausesAreLimitedInAll() async throws {
        let response = HTTPResponse(status: 503, headers: ["Retry-After": "100"])
        let request = HTTPRequest("GET", try #require(WebURL("http://a.example/")))
        let error = await #expect(throws: RegistryError.self) {
            try await RetryPolicy { _ in }.retrying { state in
                state.progress()
                throw FailedTry(RegistryError(request, "slow"), response)
            }
        }
        #expect(error?.tries == 7)
    }

    /// A mistyped name of a certificate file is an error that names the file.
    @Test(arguments: ["CURL_CA_BUNDLE", "SSL_CERT_FILE", "--cert-file"])
    func certificateFilesThatDoNotExist(_ source: String) async throws {
        let error = await #expect(throws: TransportError.self) {
            let isOption = source == "--cert-file"
            let transport = try CurlTransport(
                environment: isOption ? [:] : [source: "/none/ca.pem"],
                certificateFiles: isOption ? ["/none/ca.pem"] : [])
            let request = HTTPRequest("GET", try #require(WebURL("https://127.0.0.1:1/")))
            _ = try await transport.exchange(request, into: BufferSink(limit: 1))
        }
        #expect(error?.description == "reading certificate file '/none/ca.pem': No such file or directory")
        #expect(error?.hint?.contains("--cert-file") == true)
    }

    /// With a bundle that does not exist a certificate of --cert-file alone is not enough.
    @Test func mistypedBundleIsNotReplacedByACertificate() throws {
        #expect(throws: TransportError.self) {
            try CurlSettings(environment: ["CURL_CA_BUNDLE": "/none/ca.pem"], certificateFiles: ["/dev/null"])
        }
    }

    @Test func secretsInURLsAreNotShown() throws {
        let url = try #require(WebURL("https://user:secret@h.example/path?sig=secret#secret"))
        #expect("\(url)" == "https://h.example/path")
        #expect(url.resolving("//other.example/x?y")?.text == "https://other.example/x?y")
        #expect(url.resolving("file:///etc/passwd") == nil)
    }
}
