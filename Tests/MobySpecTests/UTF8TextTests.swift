import MobySpec
import Testing

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
