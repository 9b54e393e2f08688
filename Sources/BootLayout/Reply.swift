/// An answer of PID 1, on its control socket and on the agent's ports: chunks, each a letter, its length in decimal, a
/// newline and its bytes.
public enum Reply {
    public enum Kind: UInt8, Sendable {
        /// `o`: for standard output.
        case output = 0x6F
        /// `e`: for standard error.
        case errors = 0x65
        /// `f`: why PID 1 did not do what was asked.
        case problem = 0x66
        /// `h`: a session begins; repeats the text of the agent's ``AgentRequest/hello(_:)``.
        case hello = 0x68
        /// `a`: nothing new, but PID 1 is alive.
        case alive = 0x61
        /// `x`: the exit status in decimal, the last chunk of an answer.
        case exit = 0x78
    }

    public struct Chunk: Sendable, Equatable {
        public var kind: Kind
        public var bytes: [UInt8]

        /// The status of an ``Kind/exit`` chunk; 1 when its text is not a number.
        public var status: Int32 { Int32(text) ?? 1 }
        public var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// The bytes are not chunks.
    public struct Malformed: Error, Equatable, CustomStringConvertible {
        public let description = "the answer is malformed"
    }

    /// The most bytes of one chunk.
    public static let longestChunk = 2 << 20

    public static func output(_ bytes: some Collection<UInt8>) -> [UInt8] { chunk(.output, bytes) }
    public static func error(_ text: String) -> [UInt8] { chunk(.errors, (text + "\n").utf8) }
    public static func exit(_ status: Int32) -> [UInt8] { chunk(.exit, "\(status)".utf8) }

    public static func chunk(_ kind: Kind, _ bytes: some Collection<UInt8>) -> [UInt8] {
        [kind.rawValue] + Array("\(bytes.count)\n".utf8) + Array(bytes)
    }

    /// Takes whole chunks from the front of `buffer`.
    /// - Throws: ``Malformed`` for an unknown letter, or a length that is not a number or too large.
    public static func take(from buffer: inout [UInt8]) throws(Malformed) -> [Chunk] {
        var chunks: [Chunk] = []
        var start = 0
        while start < buffer.count {
            guard let kind = Kind(rawValue: buffer[start]) else { throw Malformed() }
            // The limit has seven digits.
            guard let newline = buffer[start...].prefix(9).firstIndex(of: 0x0A) else {
                if buffer.count - start >= 9 { throw Malformed() }
                break
            }
            let digits = buffer[(start + 1)..<newline]
            guard digits.allSatisfy({ (0x30...0x39).contains($0) }),
                let count = Int(String(decoding: digits, as: UTF8.self)), count <= longestChunk
            else { throw Malformed() }
            guard buffer.count - newline - 1 >= count else { break }
            chunks.append(Chunk(kind: kind, bytes: Array(buffer[(newline + 1)..<(newline + 1 + count)])))
            start = newline + 1 + count
        }
        buffer.removeFirst(start)
        return chunks
    }
}
