internal import Extents

/// One error in the user's text: its location, what was found and expected, and what to do.
public struct Diagnostic: Error, Hashable, Sendable {
    public enum Severity: String, Sendable { case error, warning }

    public var severity: Severity
    public var location: SourceLocation?
    public var message: String
    public var hint: String?

    public init(_ severity: Severity = .error, at location: SourceLocation?, _ message: String, hint: String? = nil) {
        self.severity = severity
        self.location = location
        self.message = message
        self.hint = hint
    }
}

/// All errors found in one run; exit code 2.
public struct SpecError: Error, Sendable, CustomStringConvertible {
    public var diagnostics: [Diagnostic]

    public init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

    /// The errors as ``DiagnosticRenderer`` prints them without the texts.
    public var description: String { DiagnosticRenderer().render(diagnostics) }
}

/// Prints diagnostics: `file:line:column: error: …`, the source line, a caret under the place, and the hint.
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
        // A line far too long for a terminal (minified JSON) is cut to the part around the place.
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

/// Guesses the word that was misspelled.
public enum Spelling {
    /// The closest word, if it is close enough to be a misspelling: the same in another case, or at most a third of
    /// its letters wrong. Nothing can be said of a single letter.
    public static func closest(to word: String, in words: [String]) -> String? {
        if let same = words.first(where: { $0.lowercased() == word.lowercased() }) { return same }
        let typed = Array(word.lowercased().unicodeScalars)
        guard (2...64).contains(typed.count) else { return nil }
        let ranked = words.filter { $0.unicodeScalars.count > 1 }.map {
            (word: $0, distance: distance(typed, Array($0.lowercased().unicodeScalars)))
        }
        guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(1, min(3, typed.count / 3))
        else { return nil }
        return best.word
    }

    /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var earlier: [Int] = []
        var previous = Array(0...b.count)
        for (row, scalar) in a.enumerated() {
            var current = [row + 1]
            for (column, other) in b.enumerated() {
                var least = min(
                    previous[column + 1] + 1, current[column] + 1, previous[column] + (scalar == other ? 0 : 1))
                if row > 0, column > 0, scalar == b[column - 1], a[row - 1] == other {
                    least = min(least, earlier[column - 1] + 1)
                }
                current.append(least)
            }
            (earlier, previous) = (previous, current)
        }
        return previous[b.count]
    }
}
