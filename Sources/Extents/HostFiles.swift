internal import CLinux
public import Glibc
internal import SystemPackage

/// Files of this machine that are read in one go, and questions about them.
public enum HostFiles {
    /// Reads a regular file, or a pipe of the shell (`/dev/fd/63`), into memory.
    /// - Parameter limit: in bytes; a longer file is an error.
    /// - Throws: `FileError`; `UnfitFile` for a folder, a FIFO, a socket, a device, or too many bytes. Opening a FIFO
    ///   would wait for a writer, and devices never end.
    public static func read(_ path: String, limit: UInt64) throws -> [UInt8] {
        let file = try OpenFile(path, .readOnly, [.nonBlocking], verb: "read")
        try check(file, path)
        return try read(descriptor: file.number, name: path, limit: limit)
    }

    /// The same for a file that may be missing.
    /// - Returns: nil when no file has the name.
    public static func readIfPresent(_ path: String, limit: UInt64) throws -> [UInt8]? {
        do { return try read(path, limit: limit) } catch let error as FileError where error.isMissing { return nil }
    }

    /// The same; nil also for anything but a regular file of at most `limit` bytes.
    public static func readIfFit(_ path: String, limit: UInt64) throws -> [UInt8]? {
        do { return try readIfPresent(path, limit: limit) } catch is UnfitFile { return nil }
    }

    /// Reads everything that an open file gives, e.g. standard input.
    /// - Parameter name: for errors.
    /// - Throws: `FileError`; `UnfitFile` for a folder, and for more bytes than `limit`.
    public static func read(descriptor: Int32, name: String, limit: UInt64) throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            try stream(descriptor: descriptor, name: name) { piece in
                guard UInt64(bytes.count + piece.count) <= limit else {
                    throw UnfitFile("'\(PlainText.short(name))' has more than \(SizeText.exact(limit))")
                }
                bytes.append(contentsOf: piece)
            }
        } catch let error as FileError where error.code == EISDIR {
            throw UnfitFile("'\(PlainText.short(name))' is a folder", hint: "name a file")
        }
        return bytes
    }

    /// The first bytes of a regular file or a block device, fewer when it is shorter.
    /// - Throws: as ``read(_:limit:)``.
    public static func head(of path: String, count: Int) throws -> [UInt8] {
        let file = try OpenFile(path, .readOnly, [.nonBlocking], verb: "read")
        if try !isStream(path) { try check(file, path) }
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try [UInt8](unsafeUninitializedCapacity: count - bytes.count) { buffer, got in
                got = try file.read(into: UnsafeMutableRawBufferPointer(buffer), path)
            }
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }

    /// A small text file.
    /// - Throws: as ``read(_:limit:)``.
    public static func text(_ path: String, limit: UInt64 = 1 << 20) throws -> String {
        String(decoding: try read(path, limit: limit), as: UTF8.self)
    }

    /// The path with links resolved when it exists, else as far as it goes without.
    public static func absolute(_ path: String) -> String {
        if let real = realpath(path, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        guard !path.hasPrefix("/"), let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        return "\(String(cString: current))/\(path)"
    }

    /// SHA-256 of a file: 32 bytes.
    public static func sha256(_ path: String) throws -> [UInt8] {
        let hash = SHA256()
        try stream(path) { hash.update($0) }
        return hash.finalize()
    }

    /// Hands on a file in pieces of at most 1 MiB.
    public static func stream(_ path: String, _ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
        let file = try OpenFile(path, .readOnly)
        try stream(descriptor: file.number, name: path, consume)
    }

    /// Hands on everything that an open file gives, in pieces of at most 1 MiB.
    public static func stream(
        descriptor: Int32, name: String, _ consume: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        // Most files are small; the buffer grows to what pays for long ones.
        var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        let file = FileDescriptor(rawValue: descriptor)
        while true {
            let count: Int
            do { count = try file.read(into: buffer) } catch let error as Errno {
                // A pipe that was opened without waiting, and that nothing was written to yet.
                guard error == .wouldBlock else { throw FileError("read", name, code: error.rawValue) }
                var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                _ = poll(&request, 1, -1)
                continue
            }
            if count == 0 { return }
            try consume(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            if count == buffer.count, count < 1 << 20 {
                buffer.deallocate()
                buffer = .allocate(byteCount: count * 8, alignment: 4096)
            }
        }
    }

    private static func check(_ file: OpenFile, _ path: String) throws {
        var info = stat()
        guard fstat(file.number, &info) == 0 else { throw FileError("read", path) }
        try checkKind(path, info)
    }

    /// Refuses anything but a regular file, a pipe without a name or /dev/null.
    private static func checkKind(_ path: String, _ info: stat) throws {
        let mode = info.st_mode
        switch mode & S_IFMT {
        case S_IFREG: return
        case S_IFIFO where isPipe(path): return
        case S_IFCHR where info.st_rdev == nullDevice: return
        default: break
        }
        let name = PlainText.short(path)
        if mode & S_IFMT == S_IFDIR { throw UnfitFile("'\(name)' is a folder", hint: "name a file") }
        throw UnfitFile(
            "'\(name)' is a \(kind(mode)), expected a regular file", hint: "copy its contents to a file, and name that")
    }

    /// Refuses what may never end: a FIFO, a socket or a character device. A missing file passes.
    /// - Returns: whether the file must be read in order: a pipe of the shell or a block device.
    /// - Throws: `UnfitFile`.
    public static func isStream(_ path: String) throws -> Bool {
        guard let info = try status(path), info.st_mode & S_IFMT != S_IFREG else { return false }
        if info.st_mode & S_IFMT != S_IFBLK { try checkKind(path, info) }
        return true
    }

    /// Major 1, minor 3 (null(4)): an empty file.
    private static let nullDevice: dev_t = 0x103

    private static func kind(_ mode: mode_t) -> String {
        switch mode & S_IFMT {
        case S_IFIFO: "FIFO"
        case S_IFSOCK: "socket"
        default: "device"
        }
    }

    /// Whether a FIFO is a pipe(2), which has both ends open; PIPEFS_MAGIC of statfs(2).
    private static func isPipe(_ path: String) -> Bool { moby_file_system_type(path) == 0x5049_5045 }
}

extension HostFiles {
    /// The facts of stat(2) about a path, or, of a link itself, those of lstat(2).
    /// - Returns: nil when no file has the name.
    /// - Throws: `FileError` when that is unknown, e.g. because a folder above it may not be searched.
    public static func status(_ path: String, followingLink: Bool = true) throws(FileError) -> stat? {
        var info = stat()
        if (followingLink ? stat(path, &info) : lstat(path, &info)) == 0 { return info }
        let error = FileError("read", path)
        guard error.isMissing else { throw error }
        return nil
    }

    /// Whether a name leads to something; a dangling link does not.
    public static func exists(_ path: String) throws(FileError) -> Bool { try status(path) != nil }

    /// Whether a name is taken, be it by a dangling link.
    public static func isTaken(_ path: String) throws(FileError) -> Bool {
        try status(path, followingLink: false) != nil
    }

    public static func isFolder(_ path: String) throws(FileError) -> Bool {
        try status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    }

    /// Size in bytes of a regular file; nil for anything else.
    public static func size(_ path: String) throws(FileError) -> UInt64? {
        guard let info = try status(path), info.st_mode & S_IFMT == S_IFREG else { return nil }
        return UInt64(info.st_size)
    }

    /// The target of a symbolic link as text; nil for anything else.
    public static func link(_ path: String) throws(FileError) -> String? {
        try rawLink(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The target of a symbolic link, which Linux limits to 4095 bytes; nil for anything else.
    public static func rawLink(_ path: String) throws(FileError) -> [UInt8]? {
        var text = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &text, text.count)
        if count >= 0 { return text.prefix(count).map(UInt8.init(bitPattern:)) }
        let error = FileError("read", path)
        guard error.isMissing || error.code == EINVAL else { throw error }
        return nil
    }

    /// Whether two names lead to one file. Names of files that do not exist are compared.
    public static func isSame(_ one: String, _ other: String) throws(FileError) -> Bool {
        guard let first = try status(one), let second = try status(other) else { return one == other }
        return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
    }

    /// The working directory.
    public static func currentFolder() throws(FileError) -> String {
        guard let path = getcwd(nil, 0) else { throw FileError("find", "the working directory") }
        defer { free(path) }
        return String(cString: path)
    }

    /// `TMPDIR` when it is absolute, else `/tmp`.
    public static var temporaryFolder: String {
        guard let path = getenv("TMPDIR").map({ String(cString: $0) }), path.hasPrefix("/") else { return "/tmp" }
        return path
    }

    /// Writes all bytes to an open file, at its position.
    /// - Parameter name: for errors.
    public static func write(_ bytes: [UInt8], to descriptor: Int32, name: String) throws(FileError) {
        do { _ = try FileDescriptor(rawValue: descriptor).writeAll(bytes) } catch {
            throw FileError("write", name, error, file: descriptor)
        }
    }

    /// Finds a program as execvp(3) does, which passes over what it cannot execute.
    /// - Parameter path: folders to search, separated by colons.
    public static func program(_ name: String, path: String) -> String? {
        func isProgram(_ path: String) -> Bool {
            var info = stat()
            return access(path, X_OK) == 0 && stat(path, &info) == 0 && info.st_mode & S_IFMT != S_IFDIR
        }
        if name.contains("/") { return isProgram(name) ? name : nil }
        return path.split(separator: ":").map { "\($0)/\(name)" }.first(where: isProgram)
    }
}
