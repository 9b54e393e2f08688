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
