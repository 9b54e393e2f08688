internal import Extents

/// A licence expression of SPDX 2.3, annex D. Licences that SPDX does not list are `LicenseRef-…`, with the text that
/// says what they are.
public struct LicenceExpression: Codable, Sendable, Hashable {
    /// E.g. `GPL-2.0-or-later AND MIT`.
    public let text: String
    /// What each `LicenseRef-…` of it is.
    public let references: [Reference]

    public struct Reference: Codable, Sendable, Hashable {
        /// `LicenseRef-…`.
        public let id: String
        /// The name that the package has for it.
        public let name: String
        /// Its text as far as it is known, cut to ``limit`` bytes; never empty.
        public let text: String

        /// Of a text, in bytes: documents hold one for each licence that SPDX does not know.
        static let limit = 2000

        init(name: String, text: String?, scope: String) {
            let whole = text ?? name
            let cut = whole.utf8.count > Self.limit ? String(whole.prefix(Self.limit)) + " […]" : whole
            let kept = name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") ? $0 : "-" }
            // Two packages may have different texts of one name.
            let hash = SHA256.hash(Array(whole.utf8)).hex.prefix(8)
            self.init(id: "LicenseRef-\(scope)-\(String(kept.prefix(60)))-\(hash)", name: name, text: cut)
        }

        init(id: String, name: String, text: String) { (self.id, self.name, self.text) = (id, name, text) }
    }

    init(text: String, references: [Reference]) { (self.text, self.references) = (text, references) }

    /// Reads an expression such as those of Alpine's packages and of image labels. What is not one becomes a reference
    /// as a whole.
    /// - Parameters:
    ///   - scope: whose name an unknown licence has, e.g. `Alpine`.
    ///   - texts: of licences that SPDX does not list, by their names in small letters.
    /// - Returns: nil for an empty text.
    public init?(spdx text: String, scope: String, texts: [String: String] = [:]) {
        let words = LicenceReader.words(text)
        guard !words.isEmpty else { return nil }
        var reader = LicenceReader(words: words, scope: scope, texts: texts)
        self = reader.expression() ?? Self(unknown: text, scope: scope)
    }

    init(unknown name: String, scope: String) {
        let reference = Reference(name: name, text: nil, scope: scope)
        self.init(text: reference.id, references: [reference])
    }

    /// All of them together: `A AND (B OR C)`, each once, in order.
    init?(all parts: [LicenceExpression]) {
        var seen: Set<String> = []
        let parts = parts.filter { seen.insert($0.text).inserted }
        guard let first = parts.first else { return nil }
        guard parts.count > 1 else {
            self = first
            return
        }
        let texts = parts.map { $0.text.contains(" OR ") ? "(\($0.text))" : $0.text }
        let references = Dictionary(parts.flatMap(\.references).map { ($0.id, $0) }) { first, _ in first }
        self.init(
            text: texts.joined(separator: " AND "), references: references.values.sorted { $0.id < $1.id })
    }
}

/// Reads licence expressions, those of SPDX and those of Debian's copyright files, which write `and`, `or` and commas.
struct LicenceReader {
    private let words: [String]
    private let scope: String
    /// Texts of licences by the name that the package has for them.
    private let texts: [String: String]
    private var next = 0
    private var references: [LicenceExpression.Reference] = []
    /// Most words of an expression: longer ones are texts.
    private static let limit = 400

    init(words: [String], scope: String, texts: [String: String]) {
        (self.words, self.scope, self.texts) = (words, scope, texts)
    }

    static func words(_ text: String) -> [String] {
        var spaced = ""
        for character in text {
            spaced += "()".contains(character) ? " \(character) " : character == "," ? " , " : "\(character)"
        }
        return spaced.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// - Returns: nil when the words are not an expression.
    mutating func expression() -> LicenceExpression? {
        guard words.count <= Self.limit, let text = alternatives(), next == words.count else { return nil }
        let known = Dictionary(references.map { ($0.id, $0) }) { first, _ in first }
        return LicenceExpression(text: text, references: known.values.sorted { $0.id < $1.id })
    }

    private mutating func take(_ names: String...) -> Bool {
        guard next < words.count, names.contains(words[next].lowercased()) else { return false }
        next += 1
        return true
    }

    /// A comma binds weaker than `and` (copyright format 1.0, section 7.2): `A or B, and C`.
    private mutating func alternatives() -> String? {
        var parts: [(String, isOr: Bool)] = []
        var isOr = false
        while true {
            guard let part = alternative() else { return nil }
            parts.append((part, isOr))
            guard take(",") else { break }
            isOr = take("or")
            if !isOr { _ = take("and") }
        }
        guard parts.count > 1 else { return parts[0].0 }
        return parts.dropFirst().reduce(Self.inner(parts[0].0)) {
            $1.isOr ? "(\($0) OR \(Self.inner($1.0)))" : "(\($0) AND \(Self.inner($1.0)))"
        }
    }

    private static func inner(_ text: String) -> String { text.contains(" OR ") ? "(\(text))" : text }

    private mutating func alternative() -> String? {
        var parts: [String] = []
        repeat {
            guard let part = conjunction() else { return nil }
            parts.append(part)
        } while take("or")
        return parts.joined(separator: " OR ")
    }

    private mutating func conjunction() -> String? {
        var parts: [String] = []
        repeat {
            guard let part = simple() else { return nil }
            parts.append(part)
        } while take("and")
        return parts.joined(separator: " AND ")
    }

    private mutating func simple() -> String? {
        if take("(") {
            guard let inner = alternatives(), take(")") else { return nil }
            return "(\(inner))"
        }
        guard next < words.count, !["and", "or", "with", ")", ","].contains(words[next].lowercased()) else {
            return nil
        }
        let name = words[next]
        next += 1
        guard take("with") else { return licence(name) }
        var exception: [String] = []
        while next < words.count, !["and", "or", "(", ")", ","].contains(words[next].lowercased()) {
            exception.append(words[next])
            next += 1
            if exception.last?.lowercased() == "exception" { break }
        }
        guard !exception.isEmpty else { return nil }
        if let known = LicenceNames.spdx(name), let exception = LicenceNames.exception(exception.joined(separator: " "))
        {
            return "\(known) WITH \(exception)"
        }
        return licence("\(name) with \(exception.joined(separator: " "))")
    }

    private mutating func licence(_ name: String) -> String {
        if let known = LicenceNames.spdx(name) { return known }
        let reference = LicenceExpression.Reference(name: name, text: texts[name.lowercased()], scope: scope)
        references.append(reference)
        return reference.id
    }
}
