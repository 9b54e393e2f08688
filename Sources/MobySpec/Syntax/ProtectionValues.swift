internal import Extents

/// Which system calls a container may make.
public enum Seccomp: Sendable, Hashable {
    /// Docker's default profile.
    case standard
    /// All.
    case unconfined
    /// Those of a profile in a file of the build machine.
    case file(String)

    static let pattern = "^(default|unconfined|.*[./].*)$"

    /// A file is told from a misspelled word by a dot or a slash.
    init(_ text: String) throws(SyntaxError) {
        switch text {
        case "default": self = .standard
        case "unconfined": self = .unconfined
        case _ where text.contains("/") || text.contains("."): self = .file(text)
        default:
            let guess = Spelling.closest(to: text, in: ["default", "unconfined"]).map { "did you mean '\($0)'?" }
            throw SyntaxError(
                "is '\(PlainText.short(text))', expected 'default', 'unconfined' or a file with a profile",
                hint: guess ?? "write ./\(PlainText.short(text)) for a file of that name")
        }
    }

    var text: String {
        switch self {
        case .standard: "default"
        case .unconfined: "unconfined"
        case .file(let path): path
        }
    }
}

/// How much a root in memory can hold, in the form of tmpfs(5): bytes, with `k`, `m`, `g`, or a share of memory.
public struct RootSize: Sendable, Hashable {
    public let text: String

    static let pattern = "^[1-9][0-9]{0,14}([kKmMgG]|%)?$"

    init(_ text: String) throws(SyntaxError) {
        let digits = text.prefix(while: \.isASCIIDigit)
        let unit = text.dropFirst(digits.count)
        guard let number = Int(digits), digits.count <= 15, digits.first != "0",
            ["", "k", "m", "g", "%"].contains(unit.lowercased())
        else {
            let guess = ByteSize.bytes(text).map { "write \($0)" }
            throw SyntaxError(
                "is '\(PlainText.short(text))', expected a size such as 64m, or a share of memory such as 25%",
                hint: guess)
        }
        if unit == "%", number > 100 { throw SyntaxError("is '\(text)', more than all memory") }
        if unit.isEmpty, number < 4096 {
            throw SyntaxError("is \(number) bytes, less than a page", hint: "write \(number)m for MiB")
        }
        self.text = text
    }
}
