import Testing

@testable import MobySpec

@Suite struct JSONTests {
    @Test(arguments: [
        #"null"#, #"true"#, #"-12"#, #"1.5"#, #"1e+20"#, #""a\"\\\n\tä𝄞""#, #"[]"#, #"{}"#, #"[1,[2,{"a":null}]]"#,
        #"{"b":1,"a":2}"#,
        #"9223372036854775807"#, #"18446744073709551615"#, #""\u0000\u001b\u007f\u2028""#,
    ]) func textIsReadAndWritten(_ text: String) throws {
        #expect(try JSONValue(parsing: text).text(indent: 0) == text)
    }

    @Test func indentedTextIsReadable() throws {
        let value = JSONValue.object([
            ("a", .array([.integer(1), .object([])])), ("b", .object([("c", .string("d"))])),
        ])
        #expect(value.text(indent: 2) == "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": \"d\"\n  }\n}")
        #expect(try JSONValue(parsing: value.text()) == value)
    }

    @Test func numbersThatJSONLacksAreNull() {
        #expect(JSONValue.array([.number(.nan), .number(.infinity)]).text(indent: 0) == "[null,null]")
    }

    @Test(arguments: [
        (#"\u00e4"#, "ä"), (#"\ud834\udd1e"#, "𝄞"), (#"\ud834"#, "\u{FFFD}"), (#"\ud834A"#, "\u{FFFD}A"),
        (#"\udd1e"#, "\u{FFFD}"),
        (#"\/\b\f"#, "/\u{8}\u{C}"),
        (#"\ud834\u0041"#, "\u{FFFD}A"),
    ]) func escapesAreRead(_ text: String, _ expected: String) throws {
        #expect(try JSONValue(parsing: "\"\(text)\"") == .string(expected))
    }

    @Test(arguments: [
        ("", "1:1", "a value is missing"), ("[1,]", "1:4", "a value is missing"),
        ("[1 2]", "1:4", "expected ',' or ']'"),
        ("{\"a\" 1}", "1:6", "expected ':'"),
        ("{a: 1}", "1:2", "expected a string in double quotes"), ("\"a", "1:3", "unterminated string"),
        ("01", "1:3", "'01' is not a valid value"),
        ("1.", "1:3", "'1.' is not a valid value"), ("+1", "1:3", "'+1' is not a valid value"),
        ("\"\\x\"", "1:4", "unknown escape in a string"),
        ("[1]\n x", "2:2", "expected the end of the text"),
        ("\"\t\"", "1:3", "a control character in a string; write \\n, \\t or \\u…"),
        ("nul", "1:4", "'nul' is not a valid value"),
        ("\"\\u12\"", "1:7", "expected four hexadecimal digits after \\u"),
    ]) func faultsHaveTheirPlace(_ text: String, _ place: String, _ problem: String) {
        let error = #expect(throws: Diagnostic.self) { try JSONValue(parsing: text) }
        #expect(error?.location?.description == "JSON:\(place)")
        #expect(error?.message == "not JSON: \(problem)")
    }

    @Test func duplicateKeyIsAFault() {
        let error = #expect(throws: Diagnostic.self) { try JSONValue(parsing: #"{"a":1,"a":2}"#) }
        #expect(error?.message == "duplicate key 'a' (first on line 1)")
    }

    @Test func depthIsBound() {
        #expect(throws: Diagnostic.self) { try JSONValue(parsing: String(repeating: "[", count: 100_000)) }
    }
}
