/// A request of the `service` command to PID 1: one line, words separated by tabs.
enum ControlRequest: Equatable {
    case list
    case start(String)
    case stop(String)
    case restart(String)
    case logs(String, isFollowing: Bool)
    case shutdown(ShutdownKind)

    init?(line: String) {
        let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        switch (words.first ?? "", words.count) {
        case ("list", 1): self = .list
        case ("start", 2): self = .start(words[1])
        case ("stop", 2): self = .stop(words[1])
        case ("restart", 2): self = .restart(words[1])
        case ("logs", 2): self = .logs(words[1], isFollowing: false)
        case ("follow", 2): self = .logs(words[1], isFollowing: true)
        case ("shutdown", 2):
            guard let kind = ShutdownKind(rawValue: words[1]) else { return nil }
            self = .shutdown(kind)
        default: return nil
        }
    }

    var line: String {
        switch self {
        case .list: "list"
        case .start(let name): "start\t" + name
        case .stop(let name): "stop\t" + name
        case .restart(let name): "restart\t" + name
        case .logs(let name, let isFollowing): (isFollowing ? "follow\t" : "logs\t") + name
        case .shutdown(let kind): "shutdown\t" + kind.rawValue
        }
    }
}

/// The answer of PID 1: chunks, each a letter, its length in decimal, a newline and its bytes.
///
/// `o` is for standard output, `e` for standard error, and `x` comes last: its bytes are the exit status.
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

/// Rows as aligned columns.
enum TextTable {
    static func text(_ rows: [[String]]) -> String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        return rows.map { row in
            row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }.joined() + "\n"
        }.joined()
    }
}
