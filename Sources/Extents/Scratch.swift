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
