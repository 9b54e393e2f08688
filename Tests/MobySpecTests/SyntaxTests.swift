import Testing

@testable import MobySpec

@Suite struct ShellWordsTests {
    @Test(
        arguments: [
            (#"/bin/sh -c "foo""#, #"["/bin/sh", "-c", "foo"]"#),
            (#"sh -c 'a "b"'  c"#, #"["sh", "-c", "a \"b\"", "c"]"#),
            (#"a\ b "c\"d" '' e""#, #"["a b", "c\"d", "", "e"]"#), ("", "[]"), ("\t\u{1B}\n", #"["\u001b"]"#),
            (String(repeating: "a ", count: 60), nil), (String(repeating: "a", count: 200), nil),
        ] as [(String, String?)]) func commandLineBecomesAList(_ text: String, _ list: String?)
    {
        #expect(ShellWords.list(ShellWords.split(text)) == list)
    }

    @Test(
        arguments: [
            ("100M", 104_857_600), ("100 MiB", 104_857_600), ("1.5g", 1_610_612_736), ("64kB", 65536), ("12b", 12),
            ("2T", 2_199_023_255_552),
            ("12", nil), ("M", nil), ("1.2.3M", nil), ("5X", nil), ("9999999999999T", nil), ("", nil),
        ] as [(String, Int64?)]) func sizeIsANumberOfBytes(_ text: String, _ bytes: Int64?)
    {
        #expect(ByteSize.bytes(text) == bytes)
    }
}

@Suite struct SpellingTests {
    @Test(
        arguments: [
            ("comand", "command"), ("commadn", "command"), ("Command", "command"), ("enviroment", "environment"),
            ("net", "net"),
            ("nte", "net"), ("xyz", nil),
            ("completely-different", nil), ("", nil), ("x", nil), ("C", "c"), ("ne", "net"), ("bb", nil),
        ] as [(String, String?)]) func nearestWordIsFound(_ word: String, _ expected: String?)
    {
        #expect(
            Spelling.closest(to: word, in: ["command", "environment", "net", "capabilities", "c", "b"]) == expected)
    }
}

struct UTF8TextTests {
    @Test func textIsKept() throws { #expect(try UTF8Text.read(Array("a: é\n".utf8), name: "x.yml") == "a: é\n") }

    /// Byte order marks: UTF-8, UTF-16 of either order; none is left in the text.
    @Test(
        arguments: [
            [0xEF, 0xBB, 0xBF, 0x61, 0xC3, 0xA9], [0xFF, 0xFE, 0x61, 0, 0xE9, 0], [0xFE, 0xFF, 0, 0x61, 0, 0xE9],
        ] as [[UInt8]]) func markSaysTheEncoding(_ bytes: [UInt8]) throws
    { #expect(try UTF8Text.read(bytes, name: "x.yml") == "aé") }

    /// Half a unit, half a surrogate pair.
    @Test(arguments: [[0xFF, 0xFE, 0x61, 0, 0x62], [0xFF, 0xFE, 0x0A, 0, 0x3D, 0xD8]] as [[UInt8]])
    func brokenUTF16IsAnError(
        _ bytes: [UInt8]
    ) {
        let error = #expect(throws: SpecError.self) { try UTF8Text.read(bytes, name: "x.yml") }
        #expect(
            error?.diagnostics.map(\.message) == [
                "this is not UTF-16 text, although it begins with UTF-16's byte order mark"
            ])
    }

    @Test(arguments: [("", 1, 1), ("a: 1\nb: é", 2, 5)])
    func firstWrongByteHasAPlace(before: String, line: Int, column: Int) {
        let error = #expect(throws: SpecError.self) { try UTF8Text.read(Array(before.utf8) + [0xFF], name: "x.yml") }
        #expect(error?.diagnostics.map(\.location) == [SourceLocation(file: "x.yml", line: line, column: column)])
    }
}
