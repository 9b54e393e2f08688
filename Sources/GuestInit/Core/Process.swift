internal import CInit
internal import Glibc
internal import GuestSystem

/// Starting programs.
enum Process {
    static let environment = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=linux",
    ]

    /// Starts `command` (its first word is the path unless `path` is given). Standard input is `/dev/null` by default.
    static func start(
        _ command: [String], path: String? = nil, environment: [String] = environment, input: Int32? = nil,
        output: Int32, errors: Int32
    ) throws(SystemError) -> pid_t {
        guard let name = command.first else { throw SystemError("starting", "", number: ENOENT) }
        let null = input ?? open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { if input == nil { close(null) } }
        let pid = withCStrings(command) { arguments in
            withCStrings(environment) { variables in
                cinit_spawn(path ?? name, arguments, variables, null, output, errors)
            }
        }
        return try SystemError.check(pid, "starting", name)
    }

    static func withCStrings<Result>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result {
        let pointers = texts.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }

    /// Names of the programs that run, but for PID 1 and those of the kernel: `sleep (431)`, the first ten.
    static func others() -> [String] {
        let numbers = Files.names(in: "/proc").compactMap { pid_t($0) }.filter { $0 != getpid() }.sorted()
        let names = numbers.compactMap { number -> String? in
            guard Files.linkTarget("/proc/\(number)/exe") != nil, let name = Files.text("/proc/\(number)/comm") else {
                return nil
            }
            return "\(PlainLines.line(name)) (\(number))"
        }
        return names.prefix(10) + (names.count > 10 ? ["…"] : [])
    }

    /// True when the signal has no effect: on a process that ignores it, as interactive shells do SIGTERM, or on the
    /// first of a pid namespace that neither handles nor awaits it. Nil when that is unknown.
    static func ignores(_ signal: Int32, _ pid: pid_t) -> Bool? {
        guard let status = Files.text("/proc/\(pid)/status") else { return nil }
        return ignores(signal, status: status) && cinit_awaits_signals(pid) == 0
    }

    static func ignores(_ signal: Int32, status: String) -> Bool {
        var masks: [Substring: UInt64] = [:]
        var isFirstOfNamespace = false
        for line in status.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == "\t" || $0 == " " || $0 == ":" })
            guard let name = words.first, let last = words.last else { continue }
            if name.hasPrefix("Sig") { masks[name] = UInt64(last, radix: 16) }
            if name == "NSpid" { isFirstOfNamespace = words.count > 2 && last == "1" }
        }
        let bit: UInt64 = 1 << UInt64(max(signal, 1) - 1)
        guard let caught = masks["SigCgt"], let blocked = masks["SigBlk"], let ignored = masks["SigIgn"] else {
            return false
        }
        return (ignored & ~blocked) & bit != 0 || isFirstOfNamespace && (caught | blocked) & bit == 0
    }
}

/// How a process ended.
enum ProcessStatus: Equatable {
    case exited(Int32)
    case killed(signal: Int32)
    /// It ended, and another process reaped it.
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
        case .unknown: "ended with an unknown status"
        case .killed(let signal): "killed by \(Self.name(of: signal))"
        }
    }

    /// The same of a process of this program, which ends with the number of an error.
    var errorText: String {
        guard case .exited(let code) = self else { return text }
        return SystemError.text(of: code)
    }

    /// `SIGKILL (9)`.
    static func name(of signal: Int32) -> String { names[signal].map { "SIG\($0) (\(signal))" } ?? "signal \(signal)" }

    private static let names: [Int32: String] = [
        1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
        11: "SEGV", 12: "USR2",
        13: "PIPE", 14: "ALRM", 15: "TERM", 16: "STKFLT", 24: "XCPU", 25: "XFSZ", 29: "IO", 30: "PWR", 31: "SYS",
    ]
}
