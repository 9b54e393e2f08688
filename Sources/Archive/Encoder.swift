internal import Extents

/// A compressor for one stream.
protocol Encoder: AnyObject {
    /// Takes the next bytes; `last` ends the stream. Drains the available output.
    func encode(_ bytes: UnsafeRawBufferPointer, last: Bool, _ drain: (UnsafeRawBufferPointer) throws -> Void) throws
}

/// Compresses nothing.
final class PlainEncoder: Encoder {
    func encode(_ bytes: UnsafeRawBufferPointer, last: Bool, _ drain: (UnsafeRawBufferPointer) throws -> Void) throws {
        if !bytes.isEmpty { try drain(bytes) }
    }
}

/// Cuts its input into blocks of one length for an encoder. A call costs more than a few bytes'
/// copy, and the result of ISA-L depends on how its input is cut.
final class Collector {
    private let encoder: any Encoder
    private let drain: (UnsafeRawBufferPointer) throws -> Void
    private let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 4096)
    private var used = 0

    init(_ encoder: any Encoder, _ drain: @escaping (UnsafeRawBufferPointer) throws -> Void) {
        self.encoder = encoder
        self.drain = drain
    }

    deinit { block.deallocate() }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = min(rest.count, block.count - used)
            let piece = UnsafeRawBufferPointer(rebasing: rest[..<count])
            if count == block.count {
                try encoder.encode(piece, last: false, drain)
            } else {
                UnsafeMutableRawBufferPointer(rebasing: block[used...]).copyMemory(from: piece)
                used += count
                if used == block.count { try flush() }
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    func finish() throws {
        // Never all at once with the end: a library that sees a whole input in one call may choose other parameters.
        try flush()
        try encoder.encode(UnsafeRawBufferPointer(start: nil, count: 0), last: true, drain)
    }

    private func flush() throws {
        try encoder.encode(UnsafeRawBufferPointer(rebasing: block[..<used]), last: false, drain)
        used = 0
    }
}

struct EncodingSink: ByteSink {
    let collector: Collector

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws { try collector.write(bytes) }
}
