internal import Extents

/// Values for the variables of spec files: `${NAME}`. Each comes from the command line, from a file or from a
/// `variables` section; the environment is read only for names that the user allowed.
public struct Variables: Sendable {
    /// Values by name. Those of files come from ``init(set:environment:files:)``, declared ones are added by the
    /// reader.
    private var values: [String: String] = [:]
    /// Names given one by one: a typing error in them must not pass unnoticed.
    private var named: [String] = []
    /// Whether every file is expanded, and not only those with a `variables` section.
    public let isGiven: Bool

    /// No values: only files with a `variables` section are expanded.
    public init() { isGiven = false }

    /// - Parameters:
    ///   - set: names with their values; these win.
    ///   - environment: the allowed variables of the environment, without those that are not set.
    ///   - files: the contents of environment files; later ones win, and all others win over them.
    ///   - isGiven: whether the user gave any of these, even if there is no value in them.
    public init(
        set: [(name: String, value: String)], environment: [String: String], files: [(name: String, value: String)],
        isGiven: Bool
    ) {
        for (name, value) in files { values[name] = value }
        values.merge(environment) { $1 }
        for (name, value) in set { values[name] = value }
        named = set.map(\.name)
        self.isGiven = isGiven
    }

    /// The same with values that these do not have.
    /// - Parameter expandsAll: whether every file is expanded.
    public func adding(_ others: [String: String], expandsAll: Bool) -> Variables {
        var all = Variables(set: [], environment: [:], files: [], isGiven: isGiven || expandsAll)
        (all.values, all.named) = (others.merging(values) { $1 }, named)
        return all
    }

    /// Adds what a `variables` section declares: a default, which any other source overrides.
    mutating func declare(_ defaults: [String: String]) { values.merge(defaults) { given, _ in given } }

    subscript(name: String) -> String? { values[name] }

    /// Names that have a value, in order.
    var names: [String] { values.keys.sorted() }

    /// Warnings about names given one by one that no spec uses.
    /// - Parameter specs: all specs that were read with these values.
    public func unused(by specs: [Spec]) -> [Diagnostic] {
        let known = specs.reduce(into: Set<String>()) { $0.formUnion($1.knownVariables) }
        return named.filter { !known.contains($0) }.map { name in
            let guess = Spelling.closest(to: name, in: known.sorted()).map { "did you mean '\($0)'?" }
            return Diagnostic(
                .warning, at: nil, "no file uses the variable '\(PlainText.short(name))'",
                hint: guess ?? "write ${\(PlainText.short(name))} where a file needs the value")
        }
    }

    /// Whether a text is a name: letters, digits and `_`, and no digit first, as in a shell.
    public static func isName(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, first.isASCIILetter || first == UInt8(ascii: "_") else { return false }
        return text.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "_") }
    }
}
