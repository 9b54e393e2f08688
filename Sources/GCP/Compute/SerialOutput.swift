/// A piece of what a machine wrote to its serial port.
public struct SerialOutput: Sendable, Decodable {
    public let contents: String
    /// Position of the first byte of `contents`, which is later than asked for when the buffer has run over; JSON has it as text.
    let start: String?
    /// Position after the last byte; JSON has it as text.
    let next: String?

    /// Where the next piece begins.
    public var position: Int64 { next.flatMap { Int64($0) } ?? 0 }
    /// Where this piece began.
    public var first: Int64 { start.flatMap { Int64($0) } ?? 0 }
}
