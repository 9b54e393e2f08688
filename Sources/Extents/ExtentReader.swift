/// Random access to the bytes of an extent list, for readers that seek.
public final class ExtentCursor {
    public let list: ExtentList
    /// Where the next read starts, in bytes.
    public private(set) var position: UInt64 = 0
    private var index = 0
    /// Where the extent at `index` starts.
    private var start: UInt64 = 0

    public init(_ list: ExtentList) { self.list = list }

    /// Moves forward by at most `count` bytes, not beyond the end.
    /// - Returns: by how many.
    @discardableResult
    public func skip(_ count: UInt64) -> UInt64 {
        let step = min(count, list.length - position)
        position += step
        settle()
        return step
    }

    /// Moves to a position in bytes, which must not be beyond the end.
    public func seek(to position: UInt64) {
        precondition(position <= list.length, "seek to \(position) of \(list.length) bytes")
        if position < start { (index, start) = (0, 0) }
        self.position = position
        settle()
    }

    /// Reads into the buffer and moves on.
    /// - Returns: how many bytes were read: less than the buffer's length only where an extent ends, 0 at the end of
    ///   the list.
    /// - Throws: `FileError`, `ExtentError.changed`.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard index < list.extents.count else { return 0 }
        let extent = list.extents[index]
        let offset = position - start
        let count = Int(min(UInt64(buffer.count), extent.length - offset))
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        switch extent.source {
        case .hole: target.initializeMemory(as: UInt8.self, repeating: 0)
        case .bytes(let bytes):
            bytes.withUnsafeBytes { target.copyMemory(from: .init(rebasing: $0[Int(offset)..<Int(offset) + count])) }
        case .file(let range): try range.file.read(into: target, at: range.offset + offset)
        }
        position += UInt64(count)
        settle()
        return count
    }

    private func settle() {
        while index < list.extents.count, position >= start + list.extents[index].length {
            start += list.extents[index].length
            index += 1
        }
    }
}

extension ExtentCursor {
    /// Fills the buffer from a position; beyond the end of the list are zeros.
    /// - Throws: `FileError`, `ExtentError.changed`.
    public func fill(_ buffer: UnsafeMutableRawBufferPointer, from position: UInt64) throws {
        var done = 0
        if position < list.length {
            seek(to: position)
            while done < buffer.count {
                let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
                if count == 0 { break }
                done += count
            }
        }
        UnsafeMutableRawBufferPointer(rebasing: buffer[done...]).initializeMemory(as: UInt8.self, repeating: 0)
    }
}

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

/// A read buffer of up to 1 MiB that grows to what was asked of it and serves many reads.
public struct Scratch: ~Copyable {
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    public init() {}

    deinit { memory.deallocate() }

    mutating func buffer(_ length: Int) -> UnsafeMutableRawBufferPointer {
        if memory.count < length {
            memory.deallocate()
            // Small files are the most; growing by doubling would reallocate for each a little longer one.
            memory = .allocate(byteCount: length <= 65536 ? 65536 : Int(ExtentReader.pieceLength), alignment: 4096)
        }
        return UnsafeMutableRawBufferPointer(rebasing: memory[..<length])
    }

    private nonisolated(unsafe) static let zeroMemory: UnsafeRawBufferPointer = {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(ExtentReader.pieceLength), alignment: 4096)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        return UnsafeRawBufferPointer(memory)
    }()

    /// Zeros, at most 1 MiB.
    static func zeros(_ length: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: zeroMemory[..<length])
    }
}
