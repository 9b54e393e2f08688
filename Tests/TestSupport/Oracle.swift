internal import Dispatch

/// Another program that judges what moby made. One that is not installed is a failure, never a skip.
public struct Oracle: Sendable {
    public let name: String

    public init(_ name: String) { self.name = name }

    public static let skopeo = Oracle("skopeo")
    public static let umoci = Oracle("umoci")

    /// A program that did not do what a test needs.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String

        public init(description: String) { self.description = description }
    }

    /// Runs the program to its end with `LC_ALL=C` and `TZ=UTC`, whatever its status.
    /// - Parameters:
    ///   - input: its standard input.
    ///   - folder: where it runs.
    public func end(
        _ arguments: [String], input: [UInt8] = [], folder: String? = nil, environment: [String: String] = [:]
    ) throws -> EndedProcess {
        try EndedProcess(
            name, arguments, input: input, folder: folder,
            environment: ["LC_ALL": "C", "TZ": "UTC"].merging(environment) { $1 })
    }

    /// Runs the program, which must succeed.
    /// - Returns: its standard output.
    @discardableResult
    public func output(
        _ arguments: [String], input: [UInt8] = [], folder: String? = nil, environment: [String: String] = [:]
    ) throws -> String {
        let ended = try end(arguments, input: input, folder: folder, environment: environment)
        guard ended.status == 0 else {
            let words = ([name] + arguments).joined(separator: " ")
            throw Failure(description: "\(words): exit status \(ended.status): \(ended.text)\(ended.complaint)")
        }
        return ended.text
    }

    /// The same as ``end(_:input:folder:environment:)`` in an `async` function.
    public func run(_ arguments: [String], input: String = "", environment: [String: String] = [:]) async throws
        -> EndedProcess
    {
        try await Self.inBackground { try end(arguments, input: Array(input.utf8), environment: environment) }
    }

    /// The same as ``output(_:input:folder:environment:)`` in an `async` function.
    @discardableResult
    public func callAsFunction(_ arguments: String..., input: String = "", environment: [String: String] = [:])
        async throws -> String
    {
        try await Self.inBackground { try output(arguments, input: Array(input.utf8), environment: environment) }
    }

    /// A thread of the concurrency runtime must not wait for a program: that program may wait for a server of the test.
    private static func inBackground<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws
        -> Value
    {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
        }
    }
}
