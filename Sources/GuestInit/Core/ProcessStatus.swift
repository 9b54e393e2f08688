/// How a process ended.
enum ProcessStatus: Equatable {
    case exited(Int32)
    case killed(signal: Int32)
    /// It is gone, and somebody else was told how.
    case unknown

    /// The status word of waitpid(2).
    init(word: Int32) {
        let signal = word & 0x7F
        self = signal == 0 ? .exited(word >> 8 & 0xFF) : .killed(signal: signal)
    }

    var isSuccess: Bool { self == .exited(0) }

    /// `exit status 3`, `killed by SIGSEGV (11)`.
    var text: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .unknown: "ended unseen"
        case .killed(let signal): "killed by \(Self.names[signal].map { "SIG\($0) (\(signal))" } ?? "signal \(signal)")"
        }
    }

    private static let names: [Int32: String] = [
        1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
        11: "SEGV", 12: "USR2",
        13: "PIPE", 14: "ALRM", 15: "TERM",
    ]
}
