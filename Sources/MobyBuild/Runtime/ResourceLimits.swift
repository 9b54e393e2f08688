internal import MobySpec

/// `process.rlimits` from words like `nofile,1024,unlimited`.
enum ResourceLimits {
    private static let names: Set<String> = [
        "CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS", "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE",
        "RTPRIO",
        "RTTIME",
    ]

    /// - Throws: `Diagnostic` that says which of the three parts is wrong.
    static func parse(_ text: String, at location: SourceLocation) throws(Diagnostic) -> JSONValue {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.drop(while: { $0 == " " }) }
        guard parts.count == 3 else {
            throw Diagnostic(
                at: location, "limit '\(text)' has \(parts.count) parts, expected 3", hint: "write name,soft,hard: nofile,1024,4096")
        }
        let upper = parts[0].uppercased()
        let name = upper.hasPrefix("RLIMIT_") ? String(upper.dropFirst(7)) : upper
        guard names.contains(name) else {
            throw Diagnostic(
                at: location, "limit '\(text)' has the unknown name '\(parts[0])'", hint: "names: \(names.sorted().joined(separator: ", "))"
            )
        }
        return .object([
            ("type", .string("RLIMIT_" + name)), ("hard", try number(parts[2], of: text, at: location)),
            ("soft", try number(parts[1], of: text, at: location)),
        ])
    }

    private static func number(_ part: Substring, of text: String, at location: SourceLocation) throws(Diagnostic) -> JSONValue {
        if part == "unlimited" { return .unsigned(.max) }
        guard let number = UInt64(part) else {
            throw Diagnostic(
                at: location, "limit '\(text)' has '\(part)' where a number belongs", hint: "use decimal digits or 'unlimited'")
        }
        return .unsigned(number)
    }
}
