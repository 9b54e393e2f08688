import JSON
import Testing

struct JSONTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "10", "1.5e+3", "-2E-7", "\"\"", "[]", "{}", " [ 1 , 2 ] ",
        "{\"a\":{\"b\":[null]}}",
        #""\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t""#, "\u{FEFF}[]",
    ])
    func acceptsJSON(text: String) throws {
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(try JSONValue(parsing: Array(value.text().utf8)) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "tru", "01", "-", "+1", "1.", ".5", "1e", "1e+", "\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
        "\"a\nb\"", "[", "[1", "[1,", "[1,]", "[1 2]", "{", "{\"a\"", "{\"a\":", "{\"a\":1",
        "{\"a\":1,}", "{a:1}",
        "{\"a\" 1}", "[] []", "nullnull", "'a'", "NaN", "\u{7}",
    ])
    func refusesOtherText(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test func refusesBytesThatAreNotUTF8() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xC0, 0x80, 0x22]) }
    }

    @Test func depthIsLimited() throws {
        let deep = { (levels: Int) in
            Array(String(repeating: "[", count: levels).utf8) + Array(String(repeating: "]", count: levels).utf8)
        }
        _ = try JSONValue(parsing: deep(64))
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: deep(65)) }
        #expect(error?.description == "nested deeper than 64 levels at byte 64")
        #expect(throws: JSONError.self) {
            try JSONValue(parsing: Array(repeating: UInt8(ascii: "["), count: 1_000_000))
        }
    }

    @Test func decodesEscapes() throws {
        #expect(try JSONValue(parsing: Array(#""A\u00e9\ud83d\ude00\t\/""#.utf8)).string == "Aé😀\t/")
    }

    @Test func lastOfEqualNamesWins() throws {
        #expect(try JSONValue(parsing: Array(#"{"a":1,"a":2}"#.utf8))["a"]?.integer == 2)
    }

    @Test func textIsIndentedByFour() {
        let value = JSONValue.object([
            ("a", .array([.number("1"), .string("x\u{1}\"")])), ("b", .object([])), ("c", .array([])),
        ])
        #expect(
            value.text()
                == "{\n    \"a\": [\n        1,\n        \"x\\u0001\\\"\"\n    ],\n    \"b\": {},\n    \"c\": []\n}")
    }

    @Test(arguments: [
        #"null"#, #"true"#, #"-12"#, #"1.5"#, #"1e+20"#, #""a\"\\\n\tä𝄞""#, #"[]"#, #"{}"#, #"[1,[2,{"a":null}]]"#,
        #"{"b":1,"a":2}"#, #"18446744073709551615"#, #""\u0000\u001b\u007f\u2028""#,
    ]) func textIsReadAndWritten(_ text: String) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)).text(indent: 0) == text)
    }

    @Test(arguments: [
        (#"\u00e4"#, "ä"), (#"\ud834\udd1e"#, "𝄞"), (#"\ud834"#, "\u{FFFD}"), (#"\ud834A"#, "\u{FFFD}A"),
        (#"\udd1e"#, "\u{FFFD}"), (#"\/\b\f"#, "/\u{8}\u{C}"), (#"\ud834\u0041"#, "\u{FFFD}A"),
    ]) func escapesAreRead(_ text: String, _ expected: String) throws {
        #expect(try JSONValue(parsing: Array("\"\(text)\"".utf8)) == .string(expected))
    }

    @Test func membersAreReplacedAddedAndRemoved() {
        var value = JSONValue.object([("a", .integer(1)), ("b", .null)])
        value["a"] = .integer(UInt64.max)
        value["c"] = .strings(["x"])
        value["b"] = nil
        #expect(value.text(indent: 0) == #"{"a":18446744073709551615,"c":["x"]}"#)
    }
}
