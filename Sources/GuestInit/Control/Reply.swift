/// What PID 1 answers: chunks, each a letter, its length in decimal, a newline and its bytes.
///
/// `o` is for standard output, `e` for standard error, and `x` is the last one: its bytes are the exit status.
enum Reply {
    static func output(_ bytes: some Collection<UInt8>) -> [UInt8] { chunk("o", bytes) }
    static func error(_ text: String) -> [UInt8] { chunk("e", (text + "\n").utf8) }
    static func exit(_ status: Int32) -> [UInt8] { chunk("x", "\(status)".utf8) }

    private static func chunk(_ letter: String, _ bytes: some Collection<UInt8>) -> [UInt8] {
        Array("\(letter)\(bytes.count)\n".utf8) + Array(bytes)
    }

    /// Takes whole chunks from the front of `buffer`.
    static func take(from buffer: inout [UInt8]) -> [(letter: UInt8, bytes: [UInt8])] {
        var chunks: [(letter: UInt8, bytes: [UInt8])] = []
        var start = 0
        while let newline = buffer[start...].firstIndex(of: 0x0A), newline > start,
            let count = Int(String(decoding: buffer[(start + 1)..<newline], as: UTF8.self)), count >= 0,
            buffer.count - newline - 1 >= count
        {
            chunks.append((buffer[start], Array(buffer[(newline + 1)..<(newline + 1 + count)])))
            start = newline + 1 + count
        }
        buffer.removeFirst(start)
        return chunks
    }
}
