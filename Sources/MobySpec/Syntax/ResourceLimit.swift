/// An entry of `rlimits`: `name,soft,hard` (getrlimit(2)).
enum ResourceLimit {
    static let names = [
        "AS", "CORE", "CPU", "DATA", "FSIZE", "LOCKS", "MEMLOCK", "MSGQUEUE", "NICE", "NOFILE", "NPROC", "RSS", "RTPRIO", "RTTIME",
        "SIGPENDING", "STACK",
    ]

    static func check(_ text: String) -> SyntaxFault? {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
        guard parts.count == 3 else {
            return SyntaxFault("is '\(Scalar.short(text))', expected name,soft,hard", hint: "for example nofile,1024,4096")
        }
        let upper = parts[0].uppercased()
        let name = upper.hasPrefix("RLIMIT_") ? String(upper.dropFirst(7)) : upper
        guard names.contains(name) else {
            let guess = Spelling.closest(to: name, in: names)
            return SyntaxFault(
                "has the unknown limit '\(Scalar.short(parts[0]))'",
                hint: guess.map { "did you mean '\($0.lowercased())'?" } ?? "limits: \(names.joined(separator: ", ").lowercased())")
        }
        guard let soft = number(parts[1]), let hard = number(parts[2]) else {
            return SyntaxFault("is '\(Scalar.short(text))', expected numbers or 'unlimited' after the name")
        }
        return soft <= hard
            ? nil : SyntaxFault("is '\(text)', where the soft limit is above the hard one", hint: "the order is name,soft,hard")
    }

    private static func number(_ text: String) -> UInt64? {
        if text == "unlimited" { return .max }
        return text.utf8.allSatisfy { (48...57).contains($0) } ? UInt64(text) : nil
    }

    private static func trimmed(_ part: Substring) -> String {
        let start = part.drop { $0 == " " }
        return String(start.prefix(start.count - start.reversed().prefix { $0 == " " }.count))
    }
}
