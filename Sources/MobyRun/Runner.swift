public import Extents

/// One way to start a machine: a pure plan that can be printed and tested, and a thin run of it.
public protocol Runner: Sendable {
    /// What will be done: argument lists, API requests.
    associatedtype Plan: Sendable & CustomStringConvertible

    /// The name on the command line: `moby run NAME`.
    static var name: String { get }

    /// Decides everything that will be done; looks at the host, but changes nothing on it.
    /// - Throws: ``RunError`` for anything that would make the run fail.
    func plan() throws -> Plan

    /// Carries out a plan and waits for its end.
    /// - Returns: the exit code for `moby`.
    func run(_ plan: Plan) async throws -> Int32
}

/// A machine cannot be started: what is in the way, and what to do about it.
public struct RunError: HintedError, CustomStringConvertible, Equatable, Sendable {
    public let description: String
    public let hint: String?

    public init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}
