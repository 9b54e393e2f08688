import Extents
import Testing

@Suite struct ByteBuilderTests {
    @Test func integersHaveTheirByteOrder() {
        var builder = ByteBuilder()
        builder.u8(1)
        builder.u16le(0x0203)
        builder.u16be(0x0203)
        builder.u32le(0x0405_0607)
        builder.u32be(0x0405_0607)
        builder.u64le(0x0809_0a0b_0c0d_0e0f)
        builder.u64be(0x0809_0a0b_0c0d_0e0f)
        #expect(
            builder.bytes == [
                1, 3, 2, 2, 3, 7, 6, 5, 4, 4, 5, 6, 7, 15, 14, 13, 12, 11, 10, 9, 8, 8, 9, 10, 11, 12, 13, 14, 15,
            ])
    }

    @Test func textIsPadded() {
        var builder = ByteBuilder()
        builder.ascii("AB", padded: 4, with: 32)
        builder.pad(toMultipleOf: 8)
        builder.pad(toMultipleOf: 8)
        builder.append([1, 2])
        builder.pad(to: 12, with: 9)
        var patch = ByteBuilder()
        patch.u16be(0xffff)
        builder.replace(at: 1, with: patch)
        #expect(builder.bytes == [65, 255, 255, 32, 0, 0, 0, 0, 1, 2, 9, 9])
    }
}

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
