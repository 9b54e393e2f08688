/// The text of a file: UTF-8, or UTF-16 that begins with a byte order mark, as PowerShell writes it. A mark is no part
/// of the text.
public enum UTF8Text {
    /// - Throws: `SpecError` with the place of the first byte that is neither.
    public static func read(_ bytes: [UInt8], name: String) throws -> String {
        switch bytes.prefix(2) {
        case [0xFF, 0xFE]: return try utf16(bytes.dropFirst(2), name) { UInt16($0) | UInt16($1) << 8 }
        case [0xFE, 0xFF]: return try utf16(bytes.dropFirst(2), name) { UInt16($0) << 8 | UInt16($1) }
        default: break
        }
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        throw fault(UTF8(), bytes, name, "this is not UTF-8 text")
    }

    private static func utf16(_ bytes: ArraySlice<UInt8>, _ name: String, _ unit: (UInt8, UInt8) -> UInt16) throws
        -> String
    {
        let bytes = Array(bytes)
        let units = stride(from: 0, to: bytes.count - 1, by: 2).map { unit(bytes[$0], bytes[$0 + 1]) }
        if bytes.count.isMultiple(of: 2), let text = String(validating: units, as: UTF16.self) { return text }
        throw fault(UTF16(), units, name, "this is not UTF-16 text, although it begins with UTF-16's byte order mark")
    }

    /// The fault at the first unit that cannot be decoded.
    private static func fault<Codec: UnicodeCodec, Units: Sequence<Codec.CodeUnit>>(
        _ codec: Codec, _ units: Units, _ name: String, _ message: String
    ) -> SpecError {
        var (line, column) = (1, 1)
        var (codec, rest) = (codec, units.makeIterator())
        while case .scalarValue(let scalar) = codec.decode(&rest) {
            (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
        }
        let place = SourceLocation(file: name, line: line, column: column)
        return SpecError([Diagnostic(at: place, message, hint: "save the file as UTF-8")])
    }
}
