internal import Extents

/// A file of `NAME=value` lines. Empty lines and those that begin with `#` are skipped; a value may be in quotes, which
/// are removed; nothing in it is expanded.
public enum EnvironmentFile {
    /// - Throws: `SpecError` with all lines that are neither.
    public static func read(_ text: String, name: String) throws -> [(name: String, value: String)] {
        var values: [(name: String, value: String)] = []
        var problems: [Diagnostic] = []
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (index, line) in lines.enumerated() {
            let start = line.prefix { $0 == " " || $0 == "\t" }.count
            var rest = line.dropFirst(start)
            guard let first = rest.first, first != "#" else { continue }
            if rest.hasPrefix("export ") { rest = rest.dropFirst("export ".count).drop { $0 == " " } }
            let location = SourceLocation(file: name, line: index + 1, column: start + 1)
            let parts = rest.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, Variables.isName(parts[0]) {
                values.append((String(parts[0]), unquoted(parts[1])))
            } else {
                let shown = PlainText.short(String(parts.first ?? ""))
                let problem =
                    parts.count == 2 ? "'\(shown)' is not a valid name of a variable" : "'\(shown)' has no value"
                problems.append(Diagnostic(at: location, problem, hint: "write NAME=value"))
            }
        }
        guard problems.isEmpty else { throw SpecError(problems) }
        return values
    }

    private static func unquoted(_ text: Substring) -> String {
        let end = text.reversed().drop { $0 == " " || $0 == "\t" }.count
        let text = text.prefix(end)
        guard text.count > 1, let quote = text.first, quote == "\"" || quote == "'", text.last == quote else {
            return String(text)
        }
        return String(text.dropFirst().dropLast())
    }
}
