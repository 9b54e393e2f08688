/// What a test found: the machines, and the steps of each.
public struct TestReport: Sendable {
    /// Name of the test: that of its spec.
    public let name: String
    public internal(set) var machines: [MachineReport] = []
    /// The number of the signal that ended the test.
    public internal(set) var signal: Int32?
    /// Whether the limit of the whole test ended it.
    public internal(set) var isTimedOut = false
    /// What kept the test from being made, or from being completed.
    public internal(set) var problem: Problem?

    /// An error that is not the guest's: of a file, of the build, of this host.
    public struct Problem: Sendable, Equatable {
        /// As the user sees it; may have several lines.
        public let text: String
        /// 1, or 2 when a file is wrong.
        public let exitCode: Int32

        public init(_ text: String, exitCode: Int32) { (self.text, self.exitCode) = (text, exitCode) }

        /// The first line.
        var summary: String { text.split(separator: "\n").first.map(String.init) ?? "" }
    }

    public init(name: String, problem: Problem? = nil) { (self.name, self.problem) = (name, problem) }

    public var steps: [StepResult] { machines.flatMap(\.steps) }
    public var failures: Int { steps.filter(\.outcome.isFailure).count }

    /// 0 passed, 1 a check or something else failed, 2 a file is wrong, 124 the limit of the whole test was reached, 128
    /// and the number of a signal.
    public var exitCode: Int32 {
        if let signal { return 128 + signal }
        if isTimedOut { return 124 }
        if let problem { return problem.exitCode }
        return failures > 0 ? 1 : 0
    }

    /// Of several tests: an interruption counts more than a limit, and that more than a failure.
    public static func exitCode(_ reports: [TestReport]) -> Int32 { reports.map(\.exitCode).max() ?? 0 }
}

/// What one machine of a test did.
public struct MachineReport: Sendable {
    public let name: String
    public internal(set) var steps: [StepResult] = []
    public internal(set) var duration: Duration = .zero
    /// From the start of QEMU until all services ran.
    public internal(set) var boot: Duration?
    /// The end of the console when the first step failed.
    public internal(set) var console: [String] = []
}

/// What one step found.
public struct StepResult: Sendable {
    public let name: String
    /// The key of the step: `http`.
    public let kind: String
    public let outcome: Outcome
    public let duration: Duration

    public enum Outcome: Sendable {
        /// With a value that was measured.
        case passed(String?)
        case failed(StepFailure)
        case skipped(String)

        public var isFailure: Bool { if case .failed = self { true } else { false } }
    }
}

/// Why a step failed.
public struct StepFailure: Error, Sendable, Equatable {
    /// One line.
    public var message: String
    public var expected: String?
    public var found: String?
    /// Output of what failed, such as the log of a service; may have several lines.
    public var output: String?

    init(_ message: String, expected: String? = nil, found: String? = nil, output: String? = nil) {
        (self.message, self.expected, self.found) = (message, expected, found)
        self.output = output.map { text in
            String(text.prefix(upTo: text.lastIndex { !$0.isNewline }.map { text.index(after: $0) } ?? text.startIndex))
        }
    }
}

/// What a test does, for whoever looks on.
public enum TestEvent: Sendable {
    case building(machine: String)
    case started(machine: String)
    /// A step is waited for since `time`.
    case waiting(step: String, time: Duration, limit: Duration, found: String?)
    case step(StepResult)
    /// A line of the machinery: a choice made, a warning.
    case note(String)
    case ended(MachineReport)
}
