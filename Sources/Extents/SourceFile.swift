internal import Glibc
internal import Synchronization

/// A file that extents point into. It is opened when it is first read and must not change from the moment this value was made.
public final class SourceFile: Sendable {
    public let path: String
    /// Size in bytes when this value was made.
    public let size: UInt64
    let modified: timespec
    private let identity: Identity
    private let opened = Mutex(Opened())
    /// Whether it stands for bytes that are nowhere.
    private let isMissing: Bool

    private struct Identity: Equatable {
        let device: dev_t
        let number: ino_t
    }

    private struct Opened {
        weak var file: FileDescriptor?
    }

    /// - Throws: `FileError` when the file is not there or is a folder.
    public init(_ path: String) throws {
        var info = stat()
        guard stat(path, &info) == 0 else { throw FileError("read", path) }
        guard info.st_mode & S_IFMT != S_IFDIR else { throw FileError("read", path, code: EISDIR) }
        self.path = path
        self.size = UInt64(info.st_size)
        self.modified = info.st_mtim
        self.identity = Identity(device: info.st_dev, number: info.st_ino)
        isMissing = false
    }

    /// Bytes that a file does not have though something says so; reading them is an error.
    static let missing = SourceFile()

    private init() {
        (path, size, modified, identity, isMissing) = ("", .max, timespec(), Identity(device: 0, number: 0), true)
    }

    /// Compares the file with what it was when this value was made.
    /// - Throws: `ExtentError.changed`, or `FileError` when it is gone.
    public func check() throws { try check(try descriptor()) }

    private func check(_ file: FileDescriptor) throws {
        var info = stat()
        guard fstat(file.number, &info) == 0 else { throw FileError("read", path) }
        let same =
            UInt64(info.st_size) == size && info.st_mtim.tv_sec == modified.tv_sec && info.st_mtim.tv_nsec == modified.tv_nsec
            && Identity(device: info.st_dev, number: info.st_ino) == identity
        guard same else { throw ExtentError.changed(path: path) }
    }

    /// The open file. Keep the value for as long as its number is used.
    func descriptor() throws -> FileDescriptor {
        guard !isMissing else { throw ExtentError.missing }
        return try opened.withLock { opened in
            if let file = opened.file { return file }
            let file = try FileDescriptor.open(path, O_RDONLY)
            try check(file)
            RecentFiles.keep(file)
            opened.file = file
            return file
        }
    }

    /// Fills the buffer from an offset in bytes.
    /// - Throws: `ExtentError.changed` when the file ends before that.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {
        let file = try descriptor()
        var done = 0
        while done < buffer.count {
            let count = pread(file.number, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset) + off_t(done))
            if count > 0 {
                done += count
            } else if count == 0 {
                throw ExtentError.changed(path: path)
            } else if errno != EINTR {
                throw FileError("read", path)
            }
        }
    }
}
