import Extents
import Testing

struct PlainTextTests {
    @Test(arguments: [
        ("a b", "a b"), ("é", "é"), ("a\u{1b}[31m", "a\\x1b[31m"), ("a\nb", "a\\x0ab"), ("\u{7f}", "\\x7f"),
        ("\u{9b}", "\\u{9b}"),
        ("\u{202e}x", "\\u{202e}x"), ("a\\x1b", "a\\\\x1b"),
    ])
    func controlCharactersAreEscaped(text: String, expected: String) { #expect(PlainText.of(text) == expected) }

    @Test func bytesThatAreNoTextAreEscaped() { #expect(PlainText.of([0x61, 0xFF, 0x5C, 0x0A]) == "a\\xff\\\\\\x0a") }

    @Test(arguments: [
        ("plain", "plain"), ("a\\b", "a\\b"), ("x\u{1b}]0;pwn\u{7}", "x\\x1b]0;pwn\\x07"),
        (String(repeating: "a", count: 100), String(repeating: "a", count: 100)),
        (String(repeating: "a", count: 8000), String(repeating: "a", count: 100) + "…"),
        ("a" + String(repeating: "\u{301}", count: 8000), "a" + String(repeating: "\u{301}", count: 99) + "…"),
    ])
    func quotedTextIsEscapedAndCut(text: String, expected: String) { #expect(PlainText.short(text) == expected) }

    @Test func proseOfServersIsOneLine() {
        #expect(PlainText.line(" no\n\tsuch \u{1b}[31m image\r\n") == "no such \\x1b[31m image")
        #expect(PlainText.line(String(repeating: "b", count: 201)).unicodeScalars.count == 201)
    }

    @Test func linesKeepTheirBreaks() { #expect(PlainText.lines("a:\n\tb\u{1b}c\r") == "a:\n\tb\\x1bc\\x0d") }
}
