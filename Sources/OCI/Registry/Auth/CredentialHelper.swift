internal import Extents
internal import FoundationEssentials
internal import HTTP
internal import Subprocess

/// A `docker-credential-NAME` program (docker-credential-helpers): the host goes to its standard input, the secret comes from its standard output.
struct CredentialHelper: Sendable {
    private let program: String
    private let environment: [String: String]

    /// - Throws: `CredentialError` for a name that could be a path.
    init(name: String, environment: [String: String]) throws {
        let isPlain = name.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0 | 0x20) || "._-".utf8.contains($0) }
        guard isPlain, !name.isEmpty else { throw CredentialError("'\(name)' is not the name of a credential helper") }
        program = "docker-credential-\(name)"
        self.environment = environment
    }

    /// - Returns: nil when the helper knows nothing of this server.
    func credential(for server: String) async throws -> Credential? {
        let result: ExecutionResult<Void, StringOutput<UTF8>, StringOutput<UTF8>>
        do {
            result = try await Subprocess.run(
                .name(program), arguments: ["get"], environment: Self.environment(environment), input: .string(server),
                output: .string(limit: 1 << 20), error: .string(limit: 64 << 10))
        } catch let error as SubprocessError {
            throw CredentialError(
                "could not run '\(program)', which the credentials file names for '\(server)': \(error)",
                hint: "install it, or take 'credsStore' and 'credHelpers' out of the credentials file")
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

    private static func environment(_ values: [String: String]) -> Environment {
        .custom(Dictionary(uniqueKeysWithValues: values.map { (Environment.Key(stringLiteral: $0.key), $0.value) }))
    }

    private struct Answer: Decodable {
        var username: String
        var secret: String

        enum CodingKeys: String, CodingKey { case username = "Username", secret = "Secret" }
    }
}
