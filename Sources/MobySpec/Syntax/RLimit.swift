internal import Extents

/// An entry of `rlimits`: `name,soft,hard` (getrlimit(2)).
public struct RLimit: Sendable {
    /// In capitals, without `RLIMIT_`.
    public let name: String
    /// `UInt64.max` is unlimited.
    public let soft: UInt64
    public let hard: UInt64
    /// As written.
    let text: String

    static let names = [
        "AS", "CORE", "CPU", "DATA", "FSIZE", "LOCKS", "MEMLOCK", "MSGQUEUE", "NICE", "NOFILE", "NPROC", "RSS",
        "RTPRIO", "RTTIME",
        "SIGPENDING", "STACK",
    ]

    /// For the JSON Schema: names in upper or lower case.
    static var pattern: String {
        let value = " *([0-9]+|unlimited) *"
        return
            "^ *(RLIMIT_|rlimit_)?(\((names + names.map { $0.lowercased() }).joined(separator: "|"))) *,\(value),\(value)$"
    }

    init(_ text: String) throws(SyntaxError) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed)
        guard parts.count == 3 else {
            throw SyntaxError(
                "is '\(PlainText.short(text))', expected name,soft,hard", hint: "for example nofile,1024,4096")
        }
        let upper = parts[0].uppercased()
        let name = upper.hasPrefix("RLIMIT_") ? String(upper.dropFirst(7)) : upper
        guard Self.names.contains(name) else {
            let guess = Spelling.closest(to: name, in: Self.names)
            throw SyntaxError(
                "has the unknown limit '\(PlainText.short(parts[0]))'",
                hint: guess.map { "did you mean '\($0.lowercased())'?" }
                    ?? "limits: \(Self.names.joined(separator: ", ").lowercased())")
        }
        guard let soft = Self.number(parts[1]), let hard = Self.number(parts[2]) else {
            throw SyntaxError("is '\(PlainText.short(text))', expected numbers or 'unlimited' after the name")
        }
        guard soft <= hard else {
            throw SyntaxError(
                "is '\(PlainText.short(text))', whose soft limit is above the hard one",
                hint: "the order is name,soft,hard")
        }
        (self.name, self.soft, self.hard, self.text) = (name, soft, hard, text)
    }

    private static func number(_ text: String) -> UInt64? {
        if text == "unlimited" { return .max }
        return text.utf8.allSatisfy { $0.isASCIIDigit } ? UInt64(text) : nil
    }

    private static func trimmed(_ part: Substring) -> String {
        let start = part.drop { $0 == " " }
        return String(start.prefix(start.count - start.reversed().prefix { $0 == " " }.count))
    }
}
