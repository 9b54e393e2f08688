import Testing

@testable import MobySpec

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
