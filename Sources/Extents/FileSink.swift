internal import Glibc

/// A file being written; bytes go through a buffer.
public struct FileSink: ByteSink {
    private let buffer: WriteBuffer

    init(_ file: FileDescriptor, path: String) { buffer = WriteBuffer(file, path) }

    /// Writes to a file that is open already, e.g. standard output. The number is duplicated; call ``flush()`` at the
    /// end.
    /// - Parameter name: what to call it in errors.
    /// - Throws: `FileError`.
    public init(descriptor: Int32, name: String) throws {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw FileError("write", name) }
        buffer = WriteBuffer(FileDescriptor(copy), name)
    }

    /// How many bytes were taken so far.
    public var written: UInt64 { buffer.written }

    /// - Throws: `FileError`.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws { try buffer.write(bytes) }

    /// Writes over bytes that were taken before, e.g. a header that is known last. The file must be one that can seek.
    /// - Parameter offset: in bytes from the file's start; the new bytes must end within what was written.
    /// - Throws: `FileError`.
    public mutating func overwrite(_ bytes: [UInt8], at offset: UInt64) throws {
        try buffer.overwrite(bytes, at: offset)
    }

    /// Hands everything to the kernel.
    /// - Throws: `FileError`.
    public mutating func flush() throws { try buffer.flush() }
}

/// Collects small writes; long ones pass by.
private final class WriteBuffer {
    private let file: FileDescriptor
    private let path: String
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
    private var used = 0
    private(set) var written: UInt64 = 0

    init(_ file: FileDescriptor, _ path: String) {
        self.file = file
        self.path = path
    }

    deinit { memory.deallocate() }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        written += UInt64(bytes.count)
        if bytes.count > memory.count - used { try flush() }
        guard bytes.count < memory.count else { return try put(bytes) }
        UnsafeMutableRawBufferPointer(rebasing: memory[used...]).copyMemory(from: bytes)
        used += bytes.count
    }

    func flush() throws {
        try put(UnsafeRawBufferPointer(rebasing: memory[..<used]))
        used = 0
    }

    func overwrite(_ bytes: [UInt8], at offset: UInt64) throws {
        precondition(offset + UInt64(bytes.count) <= written, "bytes that were not written yet")
        try flush()
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(file.number, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset) + off_t(done))
            }
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw FileError("write", path, file: file.number)
            }
        }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(file.number, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw FileError("write", path, file: file.number)
            }
        }
    }
}
