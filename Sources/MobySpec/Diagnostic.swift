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
