internal import Glibc
internal import SystemPackage

/// A file being written; bytes go through a buffer.
public struct FileSink: ByteSink {
    private let buffer: WriteBuffer

    init(_ file: OpenFile, path: String, _ count: ((Int) -> Void)? = nil) { buffer = WriteBuffer(file, path, count) }

    /// Writes to a file that is open already, e.g. standard output. The number is duplicated; call ``flush()`` at the
    /// end.
    /// - Parameter name: what to call it in errors.
    /// - Throws: `FileError`.
    public init(descriptor: Int32, name: String) throws {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw FileError("write", name) }
        buffer = WriteBuffer(OpenFile(FileDescriptor(rawValue: copy)), name)
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
    private let file: OpenFile
    private let path: String
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
    private var used = 0
    private(set) var written: UInt64 = 0
    /// Gets the length of everything that is taken, in bytes.
    private let count: ((Int) -> Void)?

    init(_ file: OpenFile, _ path: String, _ count: ((Int) -> Void)? = nil) {
        self.file = file
        self.path = path
        self.count = count
    }

    deinit { memory.deallocate() }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        written += UInt64(bytes.count)
        count?(bytes.count)
        if bytes.count > memory.count - used { try flush() }
        guard bytes.count < memory.count else { return try file.write(bytes, path) }
        UnsafeMutableRawBufferPointer(rebasing: memory[used...]).copyMemory(from: bytes)
        used += bytes.count
    }

    func flush() throws {
        try file.write(UnsafeRawBufferPointer(rebasing: memory[..<used]), path)
        used = 0
    }

    func overwrite(_ bytes: [UInt8], at offset: UInt64) throws {
        precondition(offset + UInt64(bytes.count) <= written, "bytes that were not written yet")
        try flush()
        try bytes.withUnsafeBytes { try file.write($0, at: offset, path) }
    }
}
