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
