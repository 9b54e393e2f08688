import MobySpec
import Testing

struct UTF8TextTests {
    @Test func textIsKept() throws { #expect(try UTF8Text.read(Array("a: é\n".utf8), name: "x.yml") == "a: é\n") }

    @Test(arguments: [("", 1, 1), ("a: 1\nb: é", 2, 5)])
    func firstWrongByteHasAPlace(before: String, line: Int, column: Int) {
        let error = #expect(throws: SpecError.self) { try UTF8Text.read(Array(before.utf8) + [0xFF], name: "x.yml") }
        #expect(error?.diagnostics.map(\.location) == [SourceLocation(file: "x.yml", line: line, column: column)])
    }
}
