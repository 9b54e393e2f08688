/// Searches for a text in a text, by bytes. The standard library's are in its module of regular expressions, which
/// Embedded Swift does not have.
extension String {
    /// Where `text` is first; nil when it is empty or missing.
    package func bounds(of text: String) -> Range<Index>? {
        let (wanted, count) = (Array(text.utf8), text.utf8.count)
        guard let first = wanted.first else { return nil }
        var start = utf8.startIndex
        while let found = utf8[start...].firstIndex(of: first) {
            guard let end = utf8.index(found, offsetBy: count, limitedBy: utf8.endIndex) else { return nil }
            if utf8[found..<end].elementsEqual(wanted) { return found..<end }
            start = utf8.index(after: found)
        }
        return nil
    }

    package func has(_ text: String) -> Bool { bounds(of: text) != nil }

    /// With every `old` replaced, from the start on.
    package func exchanging(_ old: String, for new: String) -> String {
        var (result, rest) = ("", self)
        while let found = rest.bounds(of: old) {
            result += rest[..<found.lowerBound] + new
            rest = String(rest[found.upperBound...])
        }
        return result + rest
    }
}
