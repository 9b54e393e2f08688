/// Plain ustar archives for tests (POSIX.1-1988), written without the code under test.
public enum SampleTar {
    /// Regular files with text, in the order of their names.
    public static func tar(_ files: [String: String]) -> [UInt8] {
        archive(files.sorted { $0.key < $1.key }.map { entry($0.key, content: Array($0.value.utf8)) })
    }

    /// Entries, then the two blocks that end an archive.
    public static func archive(_ entries: [[UInt8]]) -> [UInt8] {
        entries.flatMap(\.self) + [UInt8](repeating: 0, count: 1024)
    }

    /// One entry: header and content.
    /// - Parameter type: `0` file, `1` hard link, `2` symbolic link, `5` directory.
    public static func entry(
        _ name: String, type: Character = "0", content: [UInt8] = [], link: String = "", mode: Int = 0o644
    ) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        func octal(_ value: Int, digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        put(name, at: 0)
        put(octal(mode, digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        put(octal(content.count, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put("        ", at: 148)
        put(String(type), at: 156)
        put(link, at: 157)
        put("ustar\u{0}00", at: 257)
        put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\u{0} ", at: 148)
        return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
}
