internal import GuestSystem

/// Elements of small XML texts of known form.
enum XMLText {
    /// The text in the first element of that name, whatever its namespace; nil when there is none.
    static func element(_ name: String, in text: String) -> String? { elements(name, in: text).first }

    /// The texts in all elements of that name which hold no elements.
    static func elements(_ name: String, in text: String) -> [String] {
        var found: [String] = []
        let pieces = text.split(separator: "<", omittingEmptySubsequences: false)
        for piece in pieces.dropFirst() {
            guard let end = piece.firstIndex(of: ">"), !piece[..<end].hasSuffix("/") else { continue }
            let tag = piece[..<end].split(whereSeparator: { $0.isWhitespace }).first ?? ""
            let local = tag.split(separator: ":").last ?? ""
            if local == name, !tag.hasPrefix("/") {
                found.append(unescaped(Text.trimmed(piece[piece.index(after: end)...])))
            }
        }
        return found
    }

    private static let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]

    static func unescaped(_ text: String) -> String { replacing(text, entities) }

    static func escaped(_ text: String) -> String {
        replacing(text, entities.reversed().map { ($0.1, $0.0) })
    }

    private static func replacing(_ text: String, _ pairs: [(String, String)]) -> String {
        var text = text
        for (old, new) in pairs {
            text = text.exchanging(old, for: new)
        }
        return text
    }
}
