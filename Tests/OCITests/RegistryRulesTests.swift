import Extents
import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import OCI

/// How a file of registries changes where images come from.
struct RegistryRulesTests {
    private static func provider(_ folder: String, _ rules: RegistryRules, _ environment: [String: String] = [:]) throws
        -> ImageProvider
    {
        var options = ImageProvider.Options()
        options.platform = Platform(architecture: "amd64")
        options.environment = environment
        options.rules = rules
        return ImageProvider(
            store: try ContentStore(path: folder), options: options, retry: RetryPolicy(firstPause: .zero))
    }

    private static func rules(
        _ match: [String], _ mirrors: [String], asksOrigin: Bool = true, hosts: [RegistryRules.HostRule] = []
    ) throws -> RegistryRules {
        var rule = RegistryRules.MirrorRule(match: match, asksOrigin: asksOrigin)
        for mirror in mirrors { try rule.add(mirror: mirror) }
        var rules = RegistryRules()
        rules.mirrors = [rule]
        rules.hosts = hosts
        return rules
    }

    @Test(arguments: [
        ("docker.io", "nginx", true), ("index.docker.io", "nginx", true), ("docker.io", "ghcr.io/a/b", false),
        ("docker.io/library/*", "nginx", true), ("docker.io/library/*", "acme/nginx", false),
        ("ghcr.io/acme/**", "ghcr.io/acme/a/b", true), ("ghcr.io/acme/*", "ghcr.io/acme/a/b", false),
        ("*.example", "r.example/a", true), ("**", "ghcr.io/acme/a", true),
        ("r.example:5000", "r.example:5000/a", true),
        ("r.example", "r.example:5000/a", false),
    ])
    func patterns(pattern: String, image: String, matches: Bool) throws {
        let rule = RegistryRules.MirrorRule(match: [pattern], asksOrigin: true)
        #expect(rule.matches(try ImageReference(image)) == matches)
    }

    /// The second mirror has it; the name stays that of the registry. Another repository is asked for at the registry.
    @Test func mirrorsAreAskedInOrder() async throws {
        try await withTemporaryDirectory { folder in
            let empty = try ScriptedServer { _ in .init(404, text: #"{"errors":[]}"#) }
            let registry = try ScriptedRegistry()
            let rules = try Self.rules(
                ["r.example/acme/*"], ["http://\(empty.host)", "http://\(registry.server.host)"])
            let image = try await Self.provider(folder, rules).image("r.example/acme/web:1")
            #expect(image.name == "r.example/acme/web:1" && image.digest == registry.sample.descriptor.digest)
            #expect(empty.requests.first?.target == "/v2/acme/web/manifests/1")
            // The mirror that had the manifest is asked first for the rest.
            #expect(empty.requests.count == 1)
        }
    }

    @Test func registryIsNotAskedWhenTheRuleSaysSo() async throws {
        try await withTemporaryDirectory { folder in
            let empty = try ScriptedServer { _ in .init(404, text: #"{"errors":[]}"#) }
            let origin = try ScriptedRegistry()
            let rules = try Self.rules([origin.server.host], ["http://\(empty.host)"], asksOrigin: false)
            let error = await #expect(throws: ContextError.self) {
                try await Self.provider(folder, rules).image(origin.name)
            }
            #expect(
                error?.text.contains("the registry itself is not asked: 'origin: false' in registries.yml") == true,
                "\(error?.text ?? "")")
            #expect(origin.server.requests.isEmpty)
        }
    }

    @Test func optionsComeBeforeRules() throws {
        let rules = try Self.rules(
            ["**"], ["http://rule.example"], hosts: [.init(match: ["localhost:*"], security: .tls)])
        let client = try RegistryClient(
            transport: CurlTransport(environment: [:]), credentials: Credentials(environment: [:]),
            insecure: ["localhost:1"], mirrors: ["http://option.example"], rules: rules)
        #expect(client.origin(of: "localhost:1").base == "http://localhost:1/v2")
        #expect(client.origin(of: "localhost:2").base == "https://localhost:2/v2")
        #expect(client.origin(of: "127.0.0.1").base == "http://127.0.0.1/v2")
        #expect(
            client.endpoints(of: try ImageReference("nginx")).map(\.base) == [
                "http://option.example/v2", "http://rule.example/v2", "https://registry-1.docker.io/v2",
            ])
    }

    /// No more layers at once than the rule says, and than four without one.
    @Test(arguments: [1, 2, nil] as [Int?]) func connections(_ most: Int?) async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage(layers: (0..<9).map { try SampleTar.tar(["n": "\($0)"]) })
            let layers = Set(sample.layers.map { "\($0.digest)" })
            let counts = Mutex<(now: Int, most: Int)>((0, 0))
            let registry = try ScriptedServer { request in
                guard let name = request.target.split(separator: "/").last, layers.contains(String(name)) else {
                    return ScriptedRegistry.usual(request, sample)
                }
                counts.withLock {
                    $0.now += 1
                    $0.most = max($0.most, $0.now)
                }
                // Long enough for others to come, if they may.
                usleep(30_000)
                counts.withLock { $0.now -= 1 }
                return ScriptedRegistry.usual(request, sample)
            }
            var rules = RegistryRules()
            rules.hosts = [.init(match: ["127.0.0.1"], security: nil, connections: most)]
            let image = try await Self.provider(folder, rules).image("\(registry.host)/acme/web:1")
            #expect(image.layers.count == 9)
            #expect(counts.withLock(\.most) <= most ?? 4)
        }
    }

    /// A registry with TLS on this machine that demands a certificate: by rule, and by Docker's folders.
    @Test func clientCertificates() async throws {
        try await withTemporaryDirectory { folder in
            let (key, certificate) = ("\(folder)/me.key", "\(folder)/me.cert")
            try await Oracle("openssl")(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=client", "-keyout", key, "-out", certificate)
            let sample = try SampleImage()
            let store = try ContentStoreTests.filled(folder, sample)
            try await DockerRegistry.with(encrypted: true, clients: certificate, in: folder) { registry in
                let (name, authority) = ("\(registry.host)/acme/web:1", "\(folder)/certificate.pem")
                func rules(_ client: (String, String)?) -> RegistryRules {
                    var rules = RegistryRules()
                    rules.hosts = [
                        .init(match: ["127.0.0.1"], security: .tls, authorities: [authority], client: client)
                    ]
                    return rules
                }
                let digest = try await Self.provider(store.path, rules((certificate, key))).push("acme/web:1", to: name)
                #expect(digest == sample.descriptor.digest)
                let none = await #expect(throws: ContextError.self) {
                    try await Self.provider("\(folder)/a", rules(nil)).image(name)
                }
                #expect(none?.text.contains("demands a client's certificate") == true, "\(none?.text ?? "")")
                #expect(none?.hint?.contains("client-certificate") == true)
                let wrong = await #expect(throws: ContextError.self) {
                    try await Self.provider("\(folder)/b", rules((certificate, authority))).image(name)
                }
                #expect(wrong?.text.contains("client's certificate cannot be used") == true, "\(wrong?.text ?? "")")
                let certs = "\(folder)/home/.config/containers/certs.d/\(registry.host)"
                try TestFile.write(try TestFile.text(authority), to: "\(certs)/ca.crt")
                try TestFile.write(try TestFile.text(certificate), to: "\(certs)/client.cert")
                var tls = RegistryRules()
                tls.hosts = [.init(match: [registry.host], security: .tls)]
                let environment = ["HOME": "\(folder)/home"]
                let keyless = await #expect(throws: ContextError.self) {
                    try await Self.provider("\(folder)/c", tls, environment).image(name)
                }
                #expect(
                    keyless?.text.contains("' has no key 'client.key' next to it") == true, "\(keyless?.text ?? "")")
                try TestFile.write(try TestFile.text(key), to: "\(certs)/client.key")
                #expect(try await Self.provider("\(folder)/d", tls, environment).image(name).digest == digest)
            }
        }
    }

    /// A real proxy, which also stands for the network: the registry's name exists only behind it.
    @Test func hostWithPortInNoProxyIsReachedDirectly() async throws {
        try await withTemporaryDirectory { folder in
            let registry = try ScriptedRegistry()
            let proxied = Mutex<[String]>([])
            let proxy = try ScriptedServer { request in
                // A request through a proxy has the whole address (RFC 9112, section 3.2.2).
                proxied.withLock { $0.append(request.target) }
                guard let path = request.target.firstRange(of: "/v2/") else { return .init(502, text: "") }
                return ScriptedRegistry.usual(
                    .init(target: String(request.target[path.lowerBound...])), registry.sample)
            }
            var rules = RegistryRules()
            rules.hosts = [.init(match: ["registry.invalid"], security: .plain)]
            let name = "registry.invalid:5000/acme/web:1"
            let environment = ["http_proxy": "http://\(proxy.host)", "no_proxy": "registry.invalid:5001"]
            let image = try await Self.provider("\(folder)/a", rules, environment).image(name)
            #expect(image.digest == registry.sample.descriptor.digest)
            #expect(proxied.withLock(\.self).allSatisfy { $0.hasPrefix("http://registry.invalid:5000/v2/acme/web/") })
            let count = proxied.withLock(\.count)
            let direct = environment.merging(["no_proxy": "registry.invalid:5000"]) { $1 }
            let error = await #expect(throws: ContextError.self) {
                try await Self.provider("\(folder)/b", rules, direct).image(name)
            }
            #expect(error?.text.contains("unknown host") == true, "\(error?.text ?? "")")
            #expect(proxied.withLock(\.count) == count && count > 2)
        }
    }
}
