import Testing

@testable import MobyRun

struct PatternSearchTests {
    @Test func theFirstTextIsFound() throws {
        #expect(try PatternSearch("^b+$").first(in: ["a", "x\nbb", "b"]) == "x\nbb")
        #expect(try PatternSearch("c").first(in: ["a"]) == nil)
        #expect(try PatternSearch("c").first(in: []) == nil)
    }

    /// Such a search would take longer than the universe exists.
    @Test(.timeLimit(.minutes(1))) func exponentialTimeEnds() {
        let text = String(repeating: "a", count: 60) + "!"
        let error = #expect(throws: PatternTimeout.self) {
            try PatternSearch("^(a+)+$", limit: .milliseconds(200)).first(in: [text])
        }
        #expect(error?.hint?.contains("exponential") == true)
    }
}
