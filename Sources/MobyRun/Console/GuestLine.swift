internal import Extents

/// Exit codes of `moby run qemu`; docs/running.md lists all.
enum ExitStatus {
    /// The guest powered off without a fault.
    static let clean: Int32 = 0
    /// The machine could not be started, QEMU failed, or a readiness check cannot become true any more.
    static let failure: Int32 = 1
    /// An onboot container failed and ended the machine.
    static let onbootFailed: Int32 = 3
    /// A service failed and ended the machine.
    static let serviceFailed: Int32 = 4
    /// The kernel panicked.
    static let panic: Int32 = 5
    /// The initrd was truncated, or the root's disk was missing.
    static let rootIncomplete: Int32 = 6
    /// As in timeout(1).
    static let timedOut: Int32 = 124
}

/// Why a guest ended, from its console: PID 1's last line, or the kernel's panic.
enum GuestEnding: Equatable, Sendable {
    case clean
    /// An onboot container failed, and its `onfailure` ends the machine.
    case onboot(String)
    /// A service failed, and its `onfailure` ends the machine.
    case service(String)
    /// The initrd was truncated, or the root's disk is missing.
    case incompleteRoot
    /// The kernel's reason.
    case panic(String)
    /// A reason that this version does not know.
    case other(String)

    /// The exit code of `moby run`.
    var status: Int32 {
        switch self {
        case .clean: ExitStatus.clean
        case .onboot: ExitStatus.onbootFailed
        case .service: ExitStatus.serviceFailed
        case .incompleteRoot: ExitStatus.rootIncomplete
        case .panic: ExitStatus.panic
        case .other: ExitStatus.failure
        }
    }

    /// For the user, one line; nil when there is nothing to say.
    var reason: String? {
        switch self {
        case .clean: nil
        case .onboot(let name): "the onboot container '\(PlainText.short(name))' failed and ended the machine"
        case .service(let name): "the service '\(PlainText.short(name))' failed and ended the machine"
        case .incompleteRoot: "the root is incomplete"
        case .panic(let why): "the kernel panicked" + (why.isEmpty ? "" : ": \(PlainText.short(why))")
        case .other(let why): "the machine ended itself: \(PlainText.short(why))"
        }
    }
}

/// A line of a guest's console that means something to `moby run`.
enum GuestLine: Equatable, Sendable {
    /// PID 1's last line.
    case ending(GuestEnding, rebooting: Bool)
    /// The first line of a panic: all CPUs stop with its trace.
    case panic(String)
    /// The last line of a panic's trace.
    case endOfPanic
    /// The boot is complete.
    case up(running: Int, of: Int)
    /// A boot has begun.
    case boot

    /// Reads a line without terminal control sequences.
    init?(_ line: String) {
        if let panic = Self.panic(in: line) {
            self = panic
            return
        }
        let text = Self.withoutTime(line[...])
        if text.hasPrefix("Linux version ") || text.drop(while: { $0 == " " }).hasPrefix("Welcome to moby") {
            self = .boot
            return
        }
        guard let words = Self.rest(of: text, after: "moby: ") else { return nil }
        if let rest = Self.rest(of: words, after: "powering off"), let ending = Self.ending(rest) {
            self = .ending(ending, rebooting: false)
        } else if let rest = Self.rest(of: words, after: "rebooting"), let ending = Self.ending(rest) {
            self = .ending(ending, rebooting: true)
        } else if let rest = Self.rest(of: words, after: "up: "), rest.hasSuffix(" services running") {
            let numbers = rest.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 2 else { return nil }
            self = .up(running: numbers[0], of: numbers[1])
        } else {
            return nil
        }
    }

    private static let panicMessage = "Kernel panic - not syncing"

    /// The message at the start of a line, or after a time stamp: the kernel does not wait for a line's end.
    private static func panic(in line: String) -> GuestLine? {
        if line.contains("---[ end \(panicMessage)") { return .endOfPanic }
        guard let found = line.firstRange(of: panicMessage) else { return nil }
        let before = line[..<found.lowerBound]
        guard before.isEmpty || before.hasSuffix("] ") else { return nil }
        let rest = line[found.upperBound...]
        return .panic(rest.hasPrefix(": ") ? String(rest.dropFirst(2)) : "")
    }

    /// `` or ` (onboot NAME failed)`.
    private static func ending(_ rest: Substring) -> GuestEnding? {
        if rest.isEmpty { return .clean }
        guard rest.hasPrefix(" ("), rest.hasSuffix(")") else { return nil }
        let cause = rest.dropFirst(2).dropLast()
        if cause == "root incomplete" { return .incompleteRoot }
        if let name = name(cause, "onboot ") { return .onboot(name) }
        if let name = name(cause, "service ") { return .service(name) }
        return .other(String(cause))
    }

    private static func name(_ cause: Substring, _ kind: String) -> String? {
        guard let rest = rest(of: cause, after: kind), rest.hasSuffix(" failed") else { return nil }
        return String(rest.dropLast(" failed".count))
    }

    private static func rest(of text: Substring, after start: String) -> Substring? {
        text.hasPrefix(start) ? text.dropFirst(start.count) : nil
    }

    /// Without `[   14.95] `.
    static func withoutTime(_ line: Substring) -> Substring {
        guard line.hasPrefix("["), let end = line.firstRange(of: "] ") else { return line }
        let time = line[line.index(after: line.startIndex)..<end.lowerBound]
        return time.allSatisfy { $0 == " " || $0 == "." || $0.isASCII && $0.isNumber } ? line[end.upperBound...] : line
    }
}
