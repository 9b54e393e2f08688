/// Reads an extent list in order.
public enum ExtentReader {
    static let pieceLength: UInt64 = 1 << 20

    /// Hands the bytes on in pieces of at most 1 MiB; holes arrive as zeros.
    /// - Throws: `FileError`, `ExtentError.changed`, or what `consume` throws.
    public static func read(_ list: ExtentList, _ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
        var scratch = Scratch()
        try read(list, with: &scratch, consume)
    }

    /// As ``read(_:_:)``, with a buffer that serves for many lists.
    public static func read(
        _ list: ExtentList, with scratch: inout Scratch, _ consume: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        for extent in list.extents {
            switch extent.source {
            case .hole:
                try pieces(extent.length) { _, length in try consume(Scratch.zeros(length)) }
            case .bytes(let bytes):
                try bytes.withUnsafeBytes { whole in
                    try pieces(extent.length) { start, length in
                        try consume(UnsafeRawBufferPointer(rebasing: whole[Int(start)..<Int(start) + length]))
                    }
                }
            case .file(let range):
                try pieces(extent.length) { start, length in
                    let buffer = scratch.buffer(length)
                    try range.file.read(into: buffer, at: range.offset + start)
                    try consume(UnsafeRawBufferPointer(buffer))
                }
            }
        }
    }

    /// All bytes at once, for small things.
    /// - Throws: `ExtentError.tooLong` when there are more than `limit` bytes.
    public static func bytes(of list: ExtentList, limit: UInt64 = 16 << 20) throws -> [UInt8] {
        guard list.length <= limit else { throw ExtentError.tooLong(length: list.length, limit: limit) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(list.length))
        try read(list) { bytes.append(contentsOf: $0) }
        return bytes
    }

    private static func pieces(_ length: UInt64, _ body: (_ start: UInt64, _ length: Int) throws -> Void) rethrows {
        var start: UInt64 = 0
        while start < length {
            let count = min(pieceLength, length - start)
            try body(start, Int(count))
            start += count
        }
    }
}
