internal import Glibc
internal import Synchronization
internal import SystemPackage

/// A file that extents point into. It is opened when it is first read and must not change from the moment this value
/// was made.
public final class SourceFile: Sendable {
    public let path: String
    /// Size in bytes when this value was made.
    public let size: UInt64
    let modified: timespec
    private let identity: Identity
    private let opened = Mutex(Opened())
    /// Whether it represents bytes that do not exist.
    private let isMissing: Bool
    private let checksum: FileChecksum?
    private let verified = Atomic(false)

    private struct Identity: Equatable {
        let device: dev_t
        let number: ino_t
    }

    private struct Opened {
        weak var file: OpenFile?
    }

    /// - Parameter checksum: what the bytes must amount to; see ``verify()``.
    /// - Throws: `FileError` when the file is not there or is a folder.
    public init(_ path: String, checksum: FileChecksum? = nil) throws {
        var info = stat()
        guard stat(path, &info) == 0 else { throw FileError("read", path) }
        guard info.st_mode & S_IFMT != S_IFDIR else { throw FileError("read", path, code: EISDIR) }
        self.path = path
        self.size = UInt64(info.st_size)
        self.modified = info.st_mtim
        self.identity = Identity(device: info.st_dev, number: info.st_ino)
        isMissing = false
        self.checksum = checksum
    }

    /// Bytes that a file does not have though something says so; reading them is an error.
    static let missing = SourceFile()

    private init() {
        (path, size, modified, identity, isMissing, checksum) = (
            "", .max, timespec(), Identity(device: 0, number: 0), true, nil
        )
    }

    /// Compares the file with what it was when this value was made.
    /// - Throws: `ExtentError.changed`, or `FileError` when it is gone.
    public func check() throws { try check(try descriptor()) }

    private func check(_ file: OpenFile) throws {
        var info = stat()
        guard fstat(file.number, &info) == 0 else { throw FileError("read", path) }
        let same =
            UInt64(info.st_size) == size && info.st_mtim.tv_sec == modified.tv_sec
            && info.st_mtim.tv_nsec == modified.tv_nsec
            && Identity(device: info.st_dev, number: info.st_ino) == identity
        guard same else { throw ExtentError.changed(path: path) }
    }

    /// The open file. Keep the value for as long as its number is used.
    func descriptor() throws -> OpenFile {
        guard !isMissing else { throw ExtentError.missing }
        return try opened.withLock { opened in
            if let file = opened.file { return file }
            let file = try OpenFile(path, .readOnly)
            try check(file)
            RecentFiles.keep(file)
            opened.file = file
            return file
        }
    }

    /// Whether the bytes are still to be compared with a checksum.
    var isUnverified: Bool { checksum != nil && !verified.load(ordering: .relaxed) }

    /// Reads the whole file and compares it with its checksum, unless that was done.
    /// - Throws: `ExtentError.damaged`, `ExtentError.changed`, `FileError`.
    func verify() throws {
        guard isUnverified else { return }
        var check = CRC32C()
        // As much as stays in the processor's cache between the copy and the check.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
        defer { buffer.deallocate() }
        var position: UInt64 = 0
        while position < size {
            let piece = UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<Int(min(UInt64(buffer.count), size - position))])
            try readUnverified(into: piece, at: position)
            check.update(UnsafeRawBufferPointer(piece))
            position += UInt64(piece.count)
        }
        try verify(check)
    }

    /// The same for who has read the whole file already.
    func verify(_ check: CRC32C) throws {
        guard let checksum else { return }
        guard check.value == checksum.crc32c else {
            try checksum.isWrong()
            throw ExtentError.damaged(path: path)
        }
        verified.store(true, ordering: .relaxed)
    }

    /// Fills the buffer from an offset in bytes. A file with a checksum is compared with it first.
    /// - Throws: `ExtentError.changed` when the file ends before that; `ExtentError.damaged`.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {
        try verify()
        try readUnverified(into: buffer, at: offset)
    }

    /// The same for who compares by itself.
    func readUnverified(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {
        let file = try descriptor()
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = try file.read(into: rest, at: offset + UInt64(done), path)
            guard count > 0 else { throw ExtentError.changed(path: path) }
            done += count
        }
    }
}

/// The files that were read last stay open, so that many small ranges of one file cost one open(2), and never more than
/// a few dozen are open at once, however many layers a build has.
enum RecentFiles {
    private static let limit = 48
    private static let recent = Mutex<[OpenFile]>([])

    static func keep(_ file: OpenFile) {
        // The dropped one is closed outside the lock.
        let dropped: OpenFile? = recent.withLock { files in
            files.append(file)
            return files.count > limit ? files.removeFirst() : nil
        }
        _ = dropped
    }
}
