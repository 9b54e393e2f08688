internal import Foundation

/// The built program, as users run it: `$MOBY`, else the release build of this package.
public enum Program {
    /// What a finished run left.
    public struct Result: Sendable {
        public let status: Int32
        public let output: String
        public let error: String
    }

    /// A run that was expected to succeed and did not.
    public struct Unexpected: Error, CustomStringConvertible {
        public let description: String

        public init(description: String) { self.description = description }
    }

    /// The package's folder.
    public static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    public static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// The image store that the program uses.
    public static var cache: String {
        environment["MOBY_CACHE"] ?? (environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache")
            + "/moby"
    }

    /// - Throws: when there is no such program; `make build` makes it.
    public static func path() throws -> String {
        let path = environment["MOBY"] ?? root + "/.build/release/moby"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Unexpected(description: "no program at '\(path)': run 'make build'")
        }
        return path
    }

    /// Runs `moby` to its end. It shows no progress unless `extra` says so: a slow machine would have more of it.
    public static func run(
        _ arguments: [String], in folder: String = root, input: String = "", environment extra: [String: String] = [:]
    ) throws -> Result {
        let ended = try EndedProcess(
            try path(), arguments, input: Array(input.utf8), folder: folder,
            environment: ["MOBY_PROGRESS": "quiet"].merging(extra) { $1 })
        return Result(status: ended.status, output: ended.text, error: ended.complaint)
    }

    /// Runs `moby` and expects exit code 0.
    @discardableResult
    public static func moby(_ arguments: [String], environment: [String: String] = [:]) throws -> String {
        let result = try run(arguments, environment: environment)
        guard result.status == 0 else {
            throw Unexpected(
                description: "moby \(arguments.joined(separator: " ")) ended with \(result.status):\n\(result.error)")
        }
        return result.output
    }
}
