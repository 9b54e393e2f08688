/// The text of a file, which must be UTF-8.
public enum UTF8Text {
    /// - Throws: `SpecError` with the place of the first byte that is not UTF-8.
    public static func read(_ bytes: [UInt8], name: String) throws -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var (line, column) = (1, 1)
        var (codec, rest) = (UTF8(), bytes.makeIterator())
        while case .scalarValue(let scalar) = codec.decode(&rest) {
            (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
        }
        let place = SourceLocation(file: name, line: line, column: column)
        throw SpecError([Diagnostic(at: place, "this is not UTF-8 text", hint: "save the file as UTF-8")])
    }
}
