internal import Extents
internal import FoundationEssentials
internal import HTTP
internal import JSON
internal import Progress
internal import Subprocess

/// A `docker-credential-NAME` program (docker-credential-helpers): hosts and secrets go to its standard input, secrets
/// come from its standard output.
struct CredentialHelper: Sendable {
    let program: String
    private let environment: [String: String]
    private let progress: Reporter
    private let sleep: @Sendable (Duration) async throws -> Void

    /// The time until the user reads what is waited for, and the time limit. A helper may ask the user for a password,
    /// on a terminal where nothing else is to be drawn: it is not a step.
    private static let (silence, limit) = (Duration.seconds(5), Duration.seconds(60))

    /// - Parameters:
    ///   - sleep: how time passes.
    /// - Throws: `RegistryCredentialError` for a name that could be a path.
    init(
        name: String, environment: [String: String], progress: Reporter = .silent,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) throws {
        let isPlain = name.utf8.allSatisfy {
            $0.isASCIIDigit || $0.isASCIILetter || "._-".utf8.contains($0)
        }
        guard isPlain, !name.isEmpty else {
            throw RegistryCredentialError("'\(PlainText.short(name))' is not the name of a credential helper")
        }
        program = "docker-credential-\(name)"
        self.environment = environment
        self.progress = progress
        self.sleep = sleep
    }

    /// - Returns: nil when the helper does not know this server.
    func credential(for server: String) async throws -> RegistryCredential? {
        let result = try await answer(to: "get", server, about: server)
        let output = result.standardOutput
        guard result.terminationStatus.isSuccess else {
            let message = (output + result.standardError).trimmingWhitespace()
            if message.contains("credentials not found") { return nil }
            throw RegistryCredentialError("'\(program)' has no credentials for '\(server)': \(PlainText.line(message))")
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(output.utf8)) else {
            throw RegistryCredentialError("'\(program)' gave an invalid answer for '\(server)'")
        }
        if answer.username == "<token>" { return .identityToken(answer.secret) }
        return .password(user: answer.username, password: answer.secret)
    }

    /// Hands a login to the helper.
    func store(_ credential: RegistryCredential, for server: String) async throws {
        let (user, secret) =
            switch credential {
            case .password(let user, let password): (user, password)
            case .identityToken(let token), .bearer(let token): ("<token>", token)
            }
        let login = JSONValue.object([
            ("ServerURL", .string(server)), ("Username", .string(user)), ("Secret", .string(secret)),
        ])
        let result = try await answer(to: "store", login.text(indent: 0), about: server)
        guard !result.terminationStatus.isSuccess else { return }
        var secrets = Secrets()
        secrets.add(credential)
        throw RegistryCredentialError(
            "'\(program)' did not store the login for '\(server)': \(secrets.cut(from: Self.message(result)))")
    }

    /// Makes the helper forget a login.
    /// - Returns: whether there was one.
    func erase(_ server: String) async throws -> Bool {
        guard try await credential(for: server) != nil else { return false }
        let result = try await answer(to: "erase", server, about: server)
        guard result.terminationStatus.isSuccess else {
            throw RegistryCredentialError(
                "'\(program)' did not remove the login for '\(server)': \(Self.message(result))")
        }
        return true
    }

    private static func message(_ result: Answered) -> String {
        PlainText.line((result.standardOutput + result.standardError).trimmingWhitespace())
    }

    private func answer(to verb: String, _ input: String, about server: String) async throws -> Answered {
        try await withThrowingTaskGroup(of: Answered.self) { group in
            group.addTask { try await run(verb, input, server) }
            group.addTask {
                try await sleep(Self.silence)
                progress.note("waiting for '\(program)', which the credentials file names for '\(server)'")
                try await sleep(Self.limit - Self.silence)
                throw RegistryCredentialError(
                    "'\(program)' did not answer for '\(server)' within \(Self.limit.components.seconds) s and was killed",
                    hint: "run it by hand: echo '\(server)' | \(program) get")
            }
            // Whichever comes first; the other is cancelled, and with it the program.
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }

    private typealias Answered = ExecutionResult<Void, StringOutput<UTF8>, StringOutput<UTF8>>

    private func run(_ verb: String, _ input: String, _ server: String) async throws -> Answered {
        let command = OrphanGuard.command + [program, verb]
        var options = PlatformOptions()
        // Whatever the helper starts ends with it.
        options.processGroupID = 0
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))
        ]
        do {
            let result = try await Subprocess.run(
                .name("env"), arguments: Arguments(command),
                environment: Self.environment(environment), platformOptions: options, input: Question(text: input),
                output: .string(limit: 1 << 20), error: .string(limit: 64 << 10))
            // env(1) and setpriv(1) end with these when they cannot run a program.
            if result.terminationStatus == .exited(127) || result.terminationStatus == .exited(126) {
                throw unusable(server, PlainText.line(result.standardError.trimmingWhitespace()))
            }
            return result
        } catch let error as SubprocessError {
            throw unusable(server, "\(error)")
        }
    }

    private func unusable(_ server: String, _ reason: String) -> RegistryCredentialError {
        RegistryCredentialError(
            "cannot run '\(program)', which the credentials file names for '\(server)': \(reason)",
            hint: "install it, or remove 'credsStore' and 'credHelpers' from the credentials file")
    }

    /// The helper's input. The exit status of a helper that does not read it says enough.
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
