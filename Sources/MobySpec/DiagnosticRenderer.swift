internal import Extents

/// Prints diagnostics: `file:line:column: error: …`, the source line, a caret under the location, and the hint.
public struct DiagnosticRenderer: Sendable {
    private let lines: [String: [Substring.UnicodeScalarView]]

    /// - Parameter sources: texts by the file names that locations have; a file that is not among them is printed
    ///   without its line.
    public init(sources: [String: String] = [:]) {
        lines = sources.mapValues(Self.lines)
    }

    /// - Parameter diagnostics: printed in this order.
    /// - Returns: lines without a line break at the very end.
    public func render(_ diagnostics: [Diagnostic]) -> String {
        diagnostics.map(render).joined(separator: "\n")
    }

    private func render(_ diagnostic: Diagnostic) -> String {
        var text = diagnostic.location.map { "\($0): " } ?? ""
        text += "\(diagnostic.severity.rawValue): \(diagnostic.message)"
        text = PlainText.lines(text)
        if let location = diagnostic.location, let excerpt = excerpt(location) { text += "\n" + excerpt }
        if let hint = diagnostic.hint { text += "\n  hint: " + PlainText.lines(hint) }
        return text
    }

    private func excerpt(_ location: SourceLocation) -> String? {
        guard let lines = lines[location.file], lines.indices.contains(location.line - 1) else { return nil }
        let line = lines[location.line - 1]
        let limit = 160
        // A line far too long for a terminal (minified JSON) is cut to the part around the location.
        let start = location.column > limit ? location.column - limit / 2 : 0
        let shown = line.dropFirst(start).prefix(limit)
        let number = String(location.line)
        let margin = String(repeating: " ", count: number.count)
        let lead = shown.prefix(max(0, location.column - 1 - start)).map { $0 == "\t" ? "\t" : " " }.joined()
        return "  \(number) | \(Self.printable(shown))\n  \(margin) | \(lead)^"
    }

    /// Control characters, and those that change the direction of writing, could drive the terminal; they are shown as
    /// U+FFFD.
    private static func printable(_ line: some Sequence<Unicode.Scalar>) -> String {
        var text = ""
        for scalar in line {
            let isControl = PlainText.isEscaped(scalar) && scalar != "\t"
            text.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
        }
        return text
    }

    /// Lines as YAML counts them: ended by LF, CR LF, CR, NEL, LS or PS.
    private static func lines(_ text: String) -> [Substring.UnicodeScalarView] {
        var lines: [Substring.UnicodeScalarView] = []
        let scalars = text.unicodeScalars
        var start = scalars.startIndex
        var index = start
        while index < scalars.endIndex {
            let scalar = scalars[index]
            let next = scalars.index(after: index)
            guard ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar) else {
                index = next
                continue
            }
            lines.append(scalars[start..<index])
            index =
                scalar == "\r" && next < scalars.endIndex && scalars[next] == "\n" ? scalars.index(after: next) : next
            start = index
        }
        return lines + [scalars[start...]]
    }
}
