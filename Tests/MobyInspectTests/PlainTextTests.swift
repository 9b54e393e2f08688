import MobyInspect
import Testing

struct PlainTextTests {
    @Test(arguments: [
        ("a b", "a b"), ("é", "é"), ("a\u{1b}[31m", "a\\x1b[31m"), ("a\nb", "a\\x0ab"), ("\u{7f}", "\\x7f"), ("\u{9b}", "\\u{9b}"),
        ("\u{202e}x", "\\u{202e}x"), ("a\\x1b", "a\\\\x1b"),
    ])
    func controlCharactersAreEscaped(text: String, expected: String) { #expect(PlainText.of(text) == expected) }

    @Test func bytesThatAreNoTextAreEscaped() { #expect(PlainText.of([0x61, 0xFF, 0x5C, 0x0A]) == "a\\xff\\\\\\x0a") }
}
