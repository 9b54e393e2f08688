internal import Subprocess
internal import SystemPackage

/// Debian's `docker-registry` on a free port of loopback, with its own folder.
public struct DockerRegistry: Sendable {
    /// Host and port.
    public let host: String

    public static let user = "ada"
    public static let password = "correct horse: battery"

    /// Runs `body` while a registry answers.
    /// - Parameters:
    ///   - authenticated: asks for ``user`` and ``password`` (basic, from a htpasswd file).
    ///   - encrypted: speaks TLS with a certificate that only `FOLDER/certificate.pem` vouches for.
    ///   - clients: PEM file of the certificates of clients, which it then demands; needs `encrypted`.
    public static func with<Value: Sendable>(
        authenticated: Bool = false, encrypted: Bool = false, clients: String? = nil, in folder: String,
        _ body: @escaping @Sendable (DockerRegistry) async throws -> Value
    ) async throws -> Value {
        let config = "\(folder)/registry.yml"
        var http = "addr: '127.0.0.1:0'"
        if encrypted {
            let (key, certificate) = ("\(folder)/key.pem", "\(folder)/certificate.pem")
            try await Oracle("openssl")(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=test",
                "-addext",
                "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate)
            let demanded = clients.map { ", clientcas: ['\($0)']" } ?? ""
            http += ", tls: {certificate: '\(certificate)', key: '\(key)'\(demanded)}"
        }
        var text = "version: 0.1\nstorage: {filesystem: {rootdirectory: '\(folder)/registry'}}\nhttp: {\(http)}\n"
        if authenticated {
            try await Oracle("htpasswd")("-Bbc", "\(folder)/htpasswd", user, password)
            text += "auth: {htpasswd: {realm: test, path: '\(folder)/htpasswd'}}\n"
        }
        try TestFile.write(text, to: config)
        return try await Subprocess.run(
            .name("docker-registry"), arguments: ["serve", config],
            environment: .inherit.updating(["OTEL_TRACES_EXPORTER": "none"]),
            input: .none, output: .discarded, error: .sequence
        ) { execution in
            let (hosts, found) = AsyncStream<String>.makeStream()
            // The whole log is read: a full pipe would stop the registry.
            let reader = Task {
                defer { found.finish() }
                for try await line in execution.standardError.strings() {
                    guard let range = line.firstRange(of: "listening on ") else { continue }
                    found.yield(String(line[range.upperBound...].prefix { $0 == "." || $0 == ":" || $0.isNumber }))
                }
            }
            defer { reader.cancel() }
            guard let host = await hosts.first(where: { _ in true }) else {
                throw Oracle.Failure(description: "docker-registry did not start")
            }
            let result = await Result { try await body(DockerRegistry(host: host)) }
            await execution.teardown(using: [])
            return try result.get()
        }.takeClosureResult()
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ work: () async throws -> Success) async {
        do { self = .success(try await work()) } catch { self = .failure(error) }
    }
}
