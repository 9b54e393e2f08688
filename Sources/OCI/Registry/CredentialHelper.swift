internal import Extents
internal import FoundationEssentials
internal import HTTP
internal import Subprocess

/// A `docker-credential-NAME` program (docker-credential-helpers): the host goes to its standard input, the secret
/// comes from its standard output.
struct CredentialHelper: Sendable {
    private let program: String
    private let environment: [String: String]
    private let notice: @Sendable (String) -> Void
    private let sleep: @Sendable (Duration) async throws -> Void

    /// After which time a user hears what is waited for, and after which it is given up. A helper may ask the user for
    /// a password.
    private static let (silence, limit) = (Duration.seconds(5), Duration.seconds(60))

    /// - Parameters:
    ///   - notice: called with one line when the helper takes long.
    ///   - sleep: how time passes.
    /// - Throws: `CredentialError` for a name that could be a path.
    init(
        name: String, environment: [String: String], notice: @escaping @Sendable (String) -> Void = { _ in },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) throws {
        let isPlain = name.utf8.allSatisfy {
            (48...57).contains($0) || (97...122).contains($0 | 0x20) || "._-".utf8.contains($0)
        }
        guard isPlain, !name.isEmpty else {
            throw CredentialError("'\(PlainText.short(name))' is not the name of a credential helper")
        }
        program = "docker-credential-\(name)"
        self.environment = environment
        self.notice = notice
        self.sleep = sleep
    }

    /// - Returns: nil when the helper knows nothing of this server.
    func credential(for server: String) async throws -> Credential? {
        let result = try await withThrowingTaskGroup(of: Answered.self) { group in
            group.addTask { try await run(server) }
            group.addTask {
                try await sleep(Self.silence)
                notice("waiting for '\(program)', which the credentials file names for '\(server)'")
                try await sleep(Self.limit - Self.silence)
                throw CredentialError(
                    "'\(program)' gave no answer for '\(server)' within \(Self.limit.components.seconds) s, and was ended",
                    hint: "try it by hand: echo '\(server)' | \(program) get")
            }
            // Whichever comes first; the other one is cancelled, and with it the program.
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
        let output = result.standardOutput
        guard result.terminationStatus.isSuccess else {
            let said = (output + result.standardError).trimmingWhitespace()
            if said.contains("credentials not found") { return nil }
            throw CredentialError("'\(program)' has no credentials for '\(server)': \(PlainText.line(said))")
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(output.utf8)) else {
            throw CredentialError("'\(program)' gave no answer that can be read for '\(server)'")
        }
        if answer.username == "<token>" { return .identityToken(answer.secret) }
        return .password(user: answer.username, password: answer.secret)
    }

    private typealias Answered = ExecutionResult<Void, StringOutput<UTF8>, StringOutput<UTF8>>

    private func run(_ server: String) async throws -> Answered {
        do {
            return try await Subprocess.run(
                .name(program), arguments: ["get"], environment: Self.environment(environment),
                input: Question(text: server),
                output: .string(limit: 1 << 20), error: .string(limit: 64 << 10))
        } catch let error as SubprocessError {
            throw CredentialError(
                "could not run '\(program)', which the credentials file names for '\(server)': \(error)",
                hint: "install it, or take 'credsStore' and 'credHelpers' out of the credentials file")
        }
    }

    /// What a helper is asked. One that ends without reading it has said all by its exit status.
    private struct Question: InputProtocol {
        let text: String

        func write(with writer: StandardInputWriter) async { _ = try? await writer.write(text) }
    }

    private static func environment(_ values: [String: String]) -> Environment {
        .custom(Dictionary(uniqueKeysWithValues: values.map { (Environment.Key(stringLiteral: $0.key), $0.value) }))
    }

    private struct Answer: Decodable {
        var username: String
        var secret: String

        enum CodingKeys: String, CodingKey { case username = "Username", secret = "Secret" }
    }
}
