internal import Extents

/// A text with `${NAME}`, `${NAME:-default}` and `$$` in it. Any other `$` is itself.
struct VariableText {
    /// What a text cannot be expanded for.
    enum Problem: Error, Hashable {
        /// A name without a value.
        case unset(String)
        /// `${` that does not begin a variable, up to its end.
        case invalid(String)
        /// The text is longer than it may be.
        case tooLong
    }

    /// Defaults in each other; a hostile text has millions.
    private static let depthLimit = 16

    private let value: (String) -> String?
    /// The most bytes of the expanded text.
    private let limit: Int
    private var rest: ArraySlice<UInt8>
    /// The names found, whether they have a value or not.
    private(set) var names: [String] = []
    /// Every error, so that all are reported in one run.
    private(set) var problems: [Problem] = []

    /// - Parameter value: the value of a name; nil when it has none.
    init(_ text: String, limit: Int = .max, value: @escaping (String) -> String?) {
        self.limit = limit
        rest = Array(text.utf8)[...]
        self.value = value
    }

    /// Whether a text has anything to expand.
    static func mayExpand(_ text: String) -> Bool { text.contains("${") || text.contains("$$") }

    /// The text with all variables replaced; one with an error is replaced by nothing. Values are not expanded again.
    mutating func expanded() -> String { String(decoding: part(depth: 0), as: UTF8.self) }

    /// - Parameter depth: how many defaults the part is in; a `}` ends a default.
    private mutating func part(depth: Int) -> [UInt8] {
        var text: [UInt8] = []
        while let first = rest.first, depth == 0 || first != UInt8(ascii: "}") {
            if rest.starts(with: "$$".utf8) {
                rest = rest.dropFirst(2)
                text.append(first)
            } else if rest.starts(with: "${".utf8) {
                text += variable(depth: depth)
                guard text.count <= limit else {
                    problems = [.tooLong]
                    rest = []
                    return []
                }
            } else {
                rest = rest.dropFirst()
                text.append(first)
            }
        }
        return text
    }

    private mutating func variable(depth: Int) -> [UInt8] {
        let start = rest
        rest = rest.dropFirst(2)
        let name = String(decoding: rest.prefix { $0.isASCIILetter || $0.isASCIIDigit || $0 == 0x5F }, as: UTF8.self)
        rest = rest.dropFirst(name.utf8.count)
        guard Variables.isName(name), depth < Self.depthLimit else { return invalid(start) }
        let found = value(name)
        if rest.first == UInt8(ascii: "}") {
            rest = rest.dropFirst()
            names.append(name)
            if found == nil { problems.append(.unset(name)) }
            return Array((found ?? "").utf8)
        }
        guard rest.starts(with: ":-".utf8) else { return invalid(start) }
        rest = rest.dropFirst(2)
        names.append(name)
        // A default counts only where it is used.
        let isUsed = found?.isEmpty ?? true
        let outer = (names, problems)
        let other = part(depth: depth + 1)
        if !isUsed { (names, problems) = outer }
        guard !rest.isEmpty else { return invalid(start) }
        rest = rest.dropFirst()
        return isUsed ? other : Array((found ?? "").utf8)
    }

    /// Goes on after the brace that ends what is not a variable.
    private mutating func invalid(_ start: ArraySlice<UInt8>) -> [UInt8] {
        let isOpen = rest.isEmpty
        let end = isOpen ? nil : rest.firstIndex(of: UInt8(ascii: "}"))
        rest = end.map { start[($0 + 1)...] } ?? []
        // Of several that no brace ends, the innermost is named.
        if isOpen, case .invalid? = problems.last { return [] }
        problems.append(.invalid(String(decoding: start.dropLast(rest.count), as: UTF8.self)))
        return []
    }
}
