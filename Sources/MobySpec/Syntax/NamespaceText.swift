internal import Extents

/// Values of `net`, `pid`, `ipc`, `uts` and `userns`.
enum NamespaceText {
    static func check(_ text: String, words: [String]) -> SyntaxFault? {
        if text.isEmpty || words.contains(text) || text.hasPrefix("/") { return nil }
        let list = words.map { "'\($0)'" }.joined(separator: ", ")
        return SyntaxFault(
            "is '\(PlainText.short(text))', expected \(list) or the absolute path of a namespace",
            hint: Spelling.closest(to: text, in: words).map { "did you mean '\($0)'?" })
    }
}
