internal import Extents

/// A line of a guest's console that means something to `moby run`.
enum GuestLine: Equatable, Sendable {
    /// PID 1 has begun to stop everything.
    case shuttingDown
    /// PID 1's last line.
    case ending(GuestEnding, rebooting: Bool)
    /// The first line of a panic: all CPUs stop with its trace.
    case panic(String)
    /// The last line of a panic's trace.
    case endOfPanic
    /// The boot is complete.
    case up(running: Int, of: Int)
    /// The kernel's first line; a quiet kernel has none.
    case kernelStarts
    /// PID 1's first line.
    case initStarts

    /// Reads a line without terminal control sequences.
    init?(_ line: String) {
        if let panic = Self.panic(in: line) {
            self = panic
            return
        }
        let text = Self.withoutTime(line[...])
        if text.hasPrefix("Linux version ") {
            self = .kernelStarts
            return
        }
        if text.drop(while: { $0 == " " }).hasPrefix("Welcome to moby") {
            self = .initStarts
            return
        }
        guard let words = Self.rest(of: text, after: "moby: ") ?? Self.afterPrompt(in: line) else { return nil }
        if let rest = Self.rest(of: words, after: "powering off"), let ending = Self.ending(rest) {
            self = .ending(ending, rebooting: false)
        } else if let rest = Self.rest(of: words, after: "rebooting"), let ending = Self.ending(rest) {
            self = .ending(ending, rebooting: true)
        } else if let rest = Self.rest(of: words, after: "up: "), rest.hasSuffix(" services running") {
            let numbers = rest.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 2 else { return nil }
            self = .up(running: numbers[0], of: numbers[1])
        } else if words == "shutting down" {
            self = .shuttingDown
        } else {
            return nil
        }
    }

    /// What PID 1 reports behind the prompt of a shell, which has no line's end. The time before it distinguishes it
    /// from what a user types.
    private static func afterPrompt(in line: String) -> Substring? {
        guard let mark = line.ranges(of: "] moby: ").last, let open = line[..<mark.lowerBound].lastIndex(of: "["),
            open != line.startIndex
        else { return nil }
        return rest(of: withoutTime(line[open...]), after: "moby: ")
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
        return time.allSatisfy { $0 == " " || $0 == "." || $0.isASCIIDigit } ? line[end.upperBound...] : line
    }
}
