import BootLayout
import TestSupport
import Testing

struct JSONTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "10", "1.5e+3", "-2E-7", "\"\"", "[]", "{}", " [ 1 , 2 ] ",
        "{\"a\":{\"b\":[null]}}",
        #""\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t""#, "\u{FEFF}[]",
    ])
    func acceptsJSON(text: String) throws {
        let value = try JSON(parsing: Array(text.utf8))
        #expect(try JSON(parsing: Array(value.text.utf8)) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "tru", "01", "-", "+1", "1.", ".5", "1e", "1e+", "\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
        #""\ud800""#,
        #""\udc00""#,
        #""\ud800\u0041""#, "\"a\nb\"", "[", "[1", "[1,", "[1,]", "[1 2]", "{", "{\"a\"", "{\"a\":", "{\"a\":1",
        "{\"a\":1,}", "{a:1}",
        "{\"a\" 1}", "[] []", "nullnull", "'a'", "NaN", "\u{7}",
    ])
    func refusesOtherText(text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
    }

    @Test func refusesBytesThatAreNotUTF8() {
        #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
        #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xC0, 0x80, 0x22]) }
    }

    @Test func depthIsLimited() throws {
        let deep = { (levels: Int) in
            Array(String(repeating: "[", count: levels).utf8) + Array(String(repeating: "]", count: levels).utf8)
        }
        _ = try JSON(parsing: deep(64))
        let error = #expect(throws: JSONError.self) { try JSON(parsing: deep(65)) }
        #expect(error?.description == "nested deeper than 64 levels at byte 64")
        #expect(throws: JSONError.self) { try JSON(parsing: Array(repeating: UInt8(ascii: "["), count: 1_000_000)) }
    }

    @Test func decodesEscapes() throws {
        #expect(try JSON(parsing: Array(#""A\u00e9\ud83d\ude00\t\/""#.utf8)).string == "Aé😀\t/")
    }

    @Test func lastOfEqualNamesWins() throws {
        #expect(try JSON(parsing: Array(#"{"a":1,"a":2}"#.utf8))["a"]?.integer == 2)
    }

    @Test func textIsIndentedByFour() {
        let value = JSON.object([
            .init("a", .array([.number("1"), .string("x\u{1}\"")])), .init("b", .object([])), .init("c", .array([])),
        ])
        #expect(
            value.text
                == "{\n    \"a\": [\n        1,\n        \"x\\u0001\\\"\"\n    ],\n    \"b\": {},\n    \"c\": []\n}")
    }

    /// Damaged texts are refused or read, and what is read survives writing.
    @Test(arguments: 0..<8) func survivesMutation(seed: UInt64) {
        var random = Numbers(seed)
        let original = Array(RuntimeRecord.sample.text.utf8)
        for _ in 0..<400 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(Array("{}[],:\"\\0u-e".utf8).randomElement(using: &random) ?? 0, at: index)
                default: bytes.removeSubrange(index...)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            guard let value = try? JSON(parsing: bytes) else { continue }
            #expect((try? JSON(parsing: Array(value.text.utf8))) == value)
            if let record = try? RuntimeRecord(value) { #expect((try? RuntimeRecord(record.jsonValue)) == record) }
        }
    }
}
