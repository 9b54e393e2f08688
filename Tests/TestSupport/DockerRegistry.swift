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
        // Not a pipe: nothing may read it while all threads of a busy test wait, and a full one stops the registry.
        let log = "\(folder)/registry.log"
        let file = try FileDescriptor.open(
            FilePath(log), .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        return try await Subprocess.run(
            .name("docker-registry"), arguments: ["serve", config],
            environment: .inherit.updating(["OTEL_TRACES_EXPORTER": "none"]),
            input: .none, output: .discarded, error: .fileDescriptor(file, closeAfterSpawningProcess: true)
        ) { execution in
            let host = try await address(in: log)
            let result = await Result { try await body(DockerRegistry(host: host)) }
            await execution.teardown(using: [])
            return try result.get()
        }.takeClosureResult()
    }

    /// What the log says of where it listens.
    private static func address(in log: String) async throws -> String {
        for _ in 0..<3000 {
            let text = try TestFile.text(log)
            if let found = text.firstMatch(of: /listening on ([0-9.]+:[0-9]+)/) { return String(found.1) }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Oracle.Failure(description: "docker-registry did not start: \(try TestFile.text(log))")
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ work: () async throws -> Success) async {
        do { self = .success(try await work()) } catch { self = .failure(error) }
    }
}
