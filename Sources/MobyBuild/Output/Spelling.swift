/// Guesses what was meant.
enum Spelling {
    /// The closest of some words, when it is close: at most a third of the letters are wrong.
    static func closest(to word: String, in words: [String]) -> String? {
        let ranked = words.map { (word: $0, distance: distance(Array(word.utf8), Array($0.utf8))) }.min { $0.distance < $1.distance }
        guard let ranked, ranked.distance <= max(2, word.utf8.count / 3) else { return nil }
        return ranked.word
    }

    /// Levenshtein's distance: insertions, deletions and replacements.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let above = row[j + 1]
                row[j + 1] = x == y ? diagonal : min(diagonal, above, row[j]) + 1
                diagonal = above
            }
        }
        return row[b.count]
    }
}
