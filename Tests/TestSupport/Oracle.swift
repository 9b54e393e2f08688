internal import Subprocess

/// An external tool that tests judge by. A tool that is not installed is a failure, never a skip.
public struct Oracle: Sendable {
    public let name: String

    public init(_ name: String) { self.name = name }

    public static let skopeo = Oracle("skopeo")
    public static let umoci = Oracle("umoci")

    /// What a tool said and how it ended.
    public struct Answer: Sendable {
        public let succeeded: Bool
        public let output: String
        public let errors: String
    }

    /// A tool that did not do what a test needs.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Runs the tool with `LC_ALL=C` and `TZ=UTC`, and waits for it.
    public func run(_ arguments: [String], input: String = "", environment: [String: String] = [:]) async throws
        -> Answer
    {
        var values: [Environment.Key: String?] = ["LC_ALL": "C", "TZ": "UTC"]
        for (name, value) in environment { values[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .name(name), arguments: Arguments(arguments), environment: .inherit.updating(values), input: .string(input),
            output: .string(limit: 64 << 20), error: .string(limit: 1 << 20))
        return Answer(
            succeeded: result.terminationStatus.isSuccess, output: result.standardOutput, errors: result.standardError)
    }

    /// Runs the tool, which must succeed.
    /// - Returns: its standard output.
    @discardableResult
    public func callAsFunction(_ arguments: String..., input: String = "", environment: [String: String] = [:])
        async throws -> String
    {
        let answer = try await run(arguments, input: input, environment: environment)
        guard answer.succeeded else {
            throw Failure(description: "\(name) \(arguments.joined(separator: " ")): \(answer.errors)")
        }
        return answer.output
    }
}
