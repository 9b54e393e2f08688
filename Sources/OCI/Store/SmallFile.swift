internal import Extents
internal import Glibc

/// Files that are read at once.
enum SmallFile {
    /// All bytes of a file; nil when it does not exist, is not a regular file, or has more than `limit` bytes.
    static func read(_ path: String, limit: UInt64) throws(FileError) -> [UInt8]? {
        // Opening a FIFO would wait for a writer.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            guard [ENOENT, ENOTDIR, ENXIO].contains(errno) else { throw FileError("open", path) }
            return nil
        }
        defer { close(file) }
        var info = stat()
        guard fstat(file, &info) == 0 else { throw FileError("read", path) }
        guard info.st_mode & S_IFMT == S_IFREG, UInt64(info.st_size) <= limit else { return nil }
        let size = Int(info.st_size)
        var (filled, code): (Int, Int32) = (0, 0)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while filled < size {
                let got = Glibc.read(file, buffer.baseAddress.map { $0 + filled }, size - filled)
                if got < 0, errno == EINTR { continue }
                if got < 0 { code = errno }
                guard got > 0 else { break }
                filled += got
            }
            count = filled
        }
        guard code == 0 else { throw FileError("read", path, code: code) }
        // Someone truncated it meanwhile.
        return filled == size ? bytes : nil
    }

    /// Size in bytes of a regular file; nil for anything else.
    static func size(_ path: String) -> UInt64? {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        return UInt64(info.st_size)
    }

    /// The text of a symbolic link; nil for anything else.
    static func link(_ path: String) -> String? {
        var text = [CChar](repeating: 0, count: 256)
        let count = readlink(path, &text, text.count)
        return count < 0 ? nil : String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Names in a folder, in byte order; none when it does not exist.
    static func names(in directory: String) throws(FileError) -> [String] { try FolderTree.names(in: directory) }

    static func exists(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0
    }

    static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// SHA-256 of a file, in hexadecimal.
    static func hash(_ path: String) throws -> String {
        let hash = SHA256()
        try stream(path) { hash.update($0) }
        return hash.finalize()
    }

    /// Passes a file on in pieces of at most 1 MiB.
    static func stream(_ path: String, _ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError("open", path) }
        defer { close(file) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let got = Glibc.read(file, buffer.baseAddress, buffer.count)
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw FileError("read", path) }
            if got == 0 { return }
            try consume(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
        }
    }
}
