package import Glibc

/// Small files and folders, without Foundation.
package enum Files {
    /// A file of an image or of a user's.
    /// - Parameter limit: bytes after which reading ends.
    /// - Returns: nil when the file does not exist.
    package static func read(_ path: String, limit: Int = 64 << 20) throws(SystemError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0, errno == ENOENT || errno == ENOTDIR { return nil }
        guard file >= 0 else { throw SystemError("opening", path) }
        defer { close(file) }
        return try contents(of: file, path, limit: limit)
    }

    /// The bytes of an open file, from where it is up to `limit`.
    package static func contents(of file: Int32, _ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        var facts = stat()
        guard fstat(file, &facts) == 0 else { throw SystemError("reading", path) }
        // Files of /proc and /sys have a size of 0 or of a page.
        var bytes: [UInt8] = []
        var chunk = max(4096, min(Int(facts.st_size) + 1, limit))
        while bytes.count < limit {
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: min(chunk, limit - start)))
            let count = bytes.withUnsafeMutableBytes { buffer in
                buffer.baseAddress.map { Glibc.read(file, $0 + start, buffer.count - start) } ?? 0
            }
            let number = errno
            bytes.removeLast(bytes.count - start - max(count, 0))
            if count == 0 { return bytes }
            if count < 0 && number != EINTR { throw SystemError("reading", path, number: number) }
            chunk = max(4096, chunk)
        }
        return bytes
    }

    /// The text of a file that every kernel has, without white space around it.
    /// - Throws: also when the file does not exist.
    package static func requiredText(_ path: String) throws(SystemError) -> String {
        guard let bytes = try read(path) else { throw SystemError("opening", path, number: ENOENT) }
        return trimmed(bytes)
    }

    /// The text of a file of /proc or /sys without white space around it; nil when it cannot be read: the process or
    /// the device behind it may go at any time, and many attributes fail to be read.
    package static func text(_ path: String) -> String? {
        guard let bytes = try? read(path, limit: 1 << 20) else { return nil }
        return trimmed(bytes)
    }

    /// Without white space around it.
    package static func trimmed(_ bytes: [UInt8]) -> String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
        guard let first = bytes.firstIndex(where: { !isSpace($0) }), let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }

    /// Writes `text`, in one piece as files of /proc and /sys require unless the kernel takes less.
    package static func write(_ text: String, to path: String, create: Bool = false) throws(SystemError) {
        let file = open(path, O_WRONLY | O_CLOEXEC | (create ? O_CREAT | O_TRUNC : 0), 0o644)
        guard file >= 0 else { throw SystemError("opening", path) }
        defer { close(file) }
        try write(Array(text.utf8), to: file, path)
    }

    /// Writes all of `bytes` to an open file.
    /// - Parameter limit: how many milliseconds a non-blocking file may accept nothing; then the error is EAGAIN.
    package static func write(_ bytes: [UInt8], to file: Int32, _ path: String, within limit: Int32 = 0)
        throws(SystemError)
    {
        var rest = bytes[...]
        repeat {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            let number = count < 0 ? errno : EIO
            if count > 0 || rest.isEmpty {
                rest = rest.dropFirst(max(count, 0))
            } else if count < 0, number == EAGAIN {
                var poll = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
                guard Glibc.poll(&poll, 1, limit) > 0 else { throw SystemError("writing", path, number: EAGAIN) }
            } else if count == 0 || number != EINTR {
                throw SystemError("writing", path, number: number)
            }
        } while !rest.isEmpty
    }

    /// Names in a folder in the order of their bytes; none when it does not exist.
    package static func list(_ path: String) throws(SystemError) -> [String] {
        guard let folder = opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw SystemError("listing", path)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(folder) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw SystemError("listing", path) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Names in a folder of /proc, /sys or /dev, none when it cannot be read: see ``text(_:)``.
    package static func names(in path: String) -> [String] { (try? list(path)) ?? [] }

    private static func mode(of path: String, following: Bool = true) -> mode_t? {
        var facts = stat()
        guard (following ? stat(path, &facts) : lstat(path, &facts)) == 0 else { return nil }
        return facts.st_mode & S_IFMT
    }

    /// Whether a path leads to something, links followed.
    package static func exists(_ path: String) -> Bool { mode(of: path) != nil }
    package static func isDirectory(_ path: String) -> Bool { mode(of: path) == S_IFDIR }
    package static func isRegular(_ path: String) -> Bool { mode(of: path) == S_IFREG }
    package static func isLink(_ path: String) -> Bool { mode(of: path, following: false) == S_IFLNK }

    package static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        return count >= 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// Creates a folder and its parents. An existing one keeps its mode.
    package static func makeDirectories(_ path: String, mode: mode_t = 0o755) throws(SystemError) {
        if mkdir(path, mode) == 0 {
            chmod(path, mode)
            return
        }
        if errno == EEXIST && isDirectory(path) { return }
        guard errno == ENOENT, let parent = parent(of: path) else { throw SystemError("creating", path) }
        try makeDirectories(parent)
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw SystemError("creating", path) }
        // mkdir(2) applies the umask and ignores the sticky and set-ID bits.
        chmod(path, mode)
    }

    /// Removes a file or a folder with everything in it, as far as that works.
    package static func removeTree(_ path: String) {
        if unlink(path) == 0 || errno == ENOENT { return }
        for name in names(in: path) { removeTree(path + "/" + name) }
        rmdir(path)
    }

    /// The last component of a path.
    package static func lastComponent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return path }
        return String(path[path.index(after: slash)...])
    }

    /// The path without its last component; nil for a name alone and below the root.
    package static func parent(of path: String) -> String? {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return nil }
        return String(path[..<slash])
    }
}
