/// Lines and words of a text in bytes: files of hundreds of kilobytes are read at boot, and strings of each word would
/// cost more than the rest.
enum Lines {
    /// Calls `body` with each line that is neither empty nor a comment.
    static func each(in text: [UInt8], _ body: (ArraySlice<UInt8>) -> Void) {
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: 0x0A) ?? text.count
            if end > start, text[start] != UInt8(ascii: "#") { body(text[start..<end]) }
            start = end + 1
        }
    }

    static func words(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D })
    }

    static func string(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
