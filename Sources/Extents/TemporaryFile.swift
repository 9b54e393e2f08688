internal import Glibc
internal import SystemPackage

/// A file without a name, for bytes that are too many for memory. It is deleted with the last reference;
/// lists of its bytes do not hold it. Blocks of zeros become holes.
public final class TemporaryFile {
    private let file: OpenFile
    private let folder: String
    private let limit: UInt64
    private let stored: UInt64
    private var used: UInt64 = 0
    /// In bytes.
    public private(set) var length: UInt64 = 0
    private static let block = 4096

    /// - Parameters:
    ///   - folder: its folder; not one in memory.
    ///   - limit: the greatest length in bytes.
    ///   - stored: how many bytes that are not in holes there may be.
    /// - Throws: `FileError`.
    public init(in folder: String, limit: UInt64, stored: UInt64) throws {
        // __O_TMPFILE | O_DIRECTORY, which Swift does not import; open(2).
        file = try OpenFile(
            folder, .readWrite, [FileDescriptor.OpenOptions(rawValue: 0o20000000), .directory],
            permissions: .ownerReadWrite)
        (self.limit, self.stored, self.folder) = (limit, stored, folder)
    }

    /// Adds bytes at the end.
    /// - Throws: `FileError`, `ExtentError.tooLong`.
    public func append(_ bytes: UnsafeRawBufferPointer) throws {
        guard UInt64(bytes.count) <= limit - length else {
            throw ExtentError.tooLong(length: length + UInt64(bytes.count), limit: limit)
        }
        var start = 0
        while start < bytes.count {
            // Up to the next whole block of the file.
            let count = min(Self.block - Int(length % UInt64(Self.block)), bytes.count - start)
            let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
            if piece.contains(where: { $0 != 0 }) { try put(piece) }
            length += UInt64(count)
            start += count
        }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws {
        used += UInt64(bytes.count)
        guard used <= stored else { throw ExtentError.tooLong(length: used, limit: stored) }
        try file.write(bytes, at: length, "a temporary file", folder: folder)
    }

    /// All its bytes. Nothing may be added later.
    /// - Throws: `FileError`.
    public func contents() throws -> ExtentList {
        guard ftruncate(file.number, off_t(length)) == 0 else {
            throw FileError("write", "a temporary file", file: file.number, folder: folder)
        }
        return ExtentList([.file(FileRange(try SourceFile("/proc/self/fd/\(file.number)")))])
    }
}
