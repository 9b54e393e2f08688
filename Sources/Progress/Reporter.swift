/// Takes what a library reports while it works: long steps, notes and warnings. It is handed down; who made it decides
/// what the user sees.
public struct Reporter: Sendable {
    public enum Event: Sendable {
        case began(Step)
        /// - Parameter isDone: false when the step threw an error.
        case ended(Step, isDone: Bool)
        /// One line without its severity.
        case message(String, Severity)
    }

    public enum Severity: String, Sendable {
        case note, warning
    }

    private let take: @Sendable (Event) -> Void

    /// - Parameter take: called from any thread, in the order of the events of each step.
    public init(_ take: @escaping @Sendable (Event) -> Void) { self.take = take }

    /// Reports to no one.
    public static let silent = Reporter { _ in }

    public func note(_ text: String) { take(.message(text, .note)) }

    public func warn(_ text: String) { take(.message(text, .warning)) }

    /// Runs work as a step.
    /// - Parameters:
    ///   - object: what is worked on, e.g. an image's name; it follows the activity's verb.
    ///   - total: bytes or items in all; nil when that is unknown.
    ///   - isMajor: whether a log has a line for its beginning and its end however short it is.
    public func during<Value>(
        _ activity: Activity, _ object: String, total: UInt64? = nil, unit: Step.Unit = .bytes, isMajor: Bool = false,
        _ work: (Step) throws -> Value
    ) rethrows -> Value {
        try begin(activity, object, total, unit, isMajor).run(work)
    }

    /// Runs asynchronous work as a step, likewise.
    public func during<Value>(
        _ activity: Activity, _ object: String, total: UInt64? = nil, unit: Step.Unit = .bytes, isMajor: Bool = false,
        _ work: (Step) async throws -> Value
    ) async rethrows -> Value {
        try await begin(activity, object, total, unit, isMajor).run(work)
    }

    private func begin(
        _ activity: Activity, _ object: String, _ total: UInt64?, _ unit: Step.Unit, _ isMajor: Bool
    ) -> Step {
        Step(activity, object, total: total, unit: unit, isMajor: isMajor, parent: nil, take)
    }
}

/// The verb of a step.
public enum Activity: String, Sendable, CaseIterable {
    case build, check, compress, copy, download, encode, export, `import`, prune, pull, push, read, resolve, unpack
    case upload, verify, wait, write

    /// `pulling`; the object of the step follows.
    public var gerund: String {
        switch self {
        case .encode, .prune, .resolve, .write: "\(rawValue.dropLast())ing"
        case .copy: "copying"
        case .verify: "verifying"
        case .wait: "waiting for"
        default: "\(rawValue)ing"
        }
    }

    /// `pulled`; the object of the step follows.
    public var participle: String {
        switch self {
        case .build: "built"
        case .copy: "copied"
        case .read: "read"
        case .verify: "verified"
        case .wait: "waited for"
        case .write: "wrote"
        case .encode, .prune, .resolve: "\(rawValue)d"
        default: "\(rawValue)ed"
        }
    }
}
