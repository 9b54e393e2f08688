internal import Glibc

/// Small files and folders, without Foundation. What cannot be read is empty; what must be known throws.
enum Files {
    /// The whole file, at most `limit` bytes of it; nil when it cannot be read.
    static func read(_ path: String, limit: Int = 64 << 20) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0 else { return nil }
        // Files of /proc and /sys say that they are empty or a page long.
        var bytes: [UInt8] = []
        var chunk = max(4096, min(Int(facts.st_size) + 1, limit))
        while bytes.count < limit {
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: min(chunk, limit - start)))
            let count = bytes.withUnsafeMutableBytes { buffer in
                buffer.baseAddress.map { Glibc.read(file, $0 + start, buffer.count - start) } ?? 0
            }
            bytes.removeLast(bytes.count - start - max(count, 0))
            if count == 0 { return bytes }
            if count < 0 && errno != EINTR { return nil }
            chunk = max(4096, chunk)
        }
        return bytes
    }

    /// The text of a small file without white space around it; nil when it cannot be read.
    static func text(_ path: String) -> String? {
        guard let bytes = read(path, limit: 1 << 20) else { return nil }
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
        guard let first = bytes.firstIndex(where: { !isSpace($0) }), let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }

    /// Writes `text` by one write(2), as files of /proc and /sys want it.
    static func write(_ text: String, to path: String, create: Bool = false) throws(SystemError) {
        let file = open(path, O_WRONLY | O_CLOEXEC | (create ? O_CREAT | O_TRUNC : 0), 0o644)
        guard file >= 0 else { throw SystemError(operation: "open", subject: path, number: errno) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
            throw SystemError(operation: "write", subject: path, number: errno)
        }
    }

    /// Names in a folder in the order of their bytes; empty when it cannot be read.
    static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func mode(of path: String, following: Bool = true) -> mode_t? {
        var facts = stat()
        guard (following ? stat(path, &facts) : lstat(path, &facts)) == 0 else { return nil }
        return facts.st_mode & S_IFMT
    }

    /// Whether something is there, links followed.
    static func exists(_ path: String) -> Bool { mode(of: path) != nil }
    static func isDirectory(_ path: String) -> Bool { mode(of: path) == S_IFDIR }
    static func isRegular(_ path: String) -> Bool { mode(of: path) == S_IFREG }
    static func isLink(_ path: String) -> Bool { mode(of: path, following: false) == S_IFLNK }

    static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        return count >= 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// Makes a folder and those above it; what exists is left as it is.
    static func makeDirectories(_ path: String, mode: mode_t = 0o755) throws(SystemError) {
        if mkdir(path, mode) == 0 {
            chmod(path, mode)
            return
        }
        if errno == EEXIST && isDirectory(path) { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw SystemError(operation: "mkdir", subject: path, number: errno)
        }
        try makeDirectories(String(path[..<slash]))
        guard mkdir(path, mode) == 0 || errno == EEXIST else {
            throw SystemError(operation: "mkdir", subject: path, number: errno)
        }
        // The mask of file modes holds for mkdir, and so do bits that it does not set.
        chmod(path, mode)
    }

    /// Removes a file or a folder with all in it, as far as that goes.
    static func removeTree(_ path: String) {
        if unlink(path) == 0 || errno == ENOENT { return }
        for name in names(in: path) { removeTree(path + "/" + name) }
        rmdir(path)
    }

    /// The last component of a path.
    static func lastComponent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return path }
        return String(path[path.index(after: slash)...])
    }
}

/// A system call that failed.
struct SystemError: Error, Equatable, CustomStringConvertible {
    /// What was tried, such as `mount`.
    var operation: String
    /// What it was tried on, such as a path.
    var subject: String
    /// errno(3).
    var number: Int32

    var description: String { "\(operation) '\(subject)': \(Self.text(of: number))" }

    static func text(of number: Int32) -> String {
        guard let text = strerror(number) else { return "error \(number)" }
        return String(cString: text)
    }

    /// `result` when it is no negative errno.
    @discardableResult
    static func check(_ result: Int32, _ operation: String, _ subject: String) throws(SystemError) -> Int32 {
        guard result >= 0 else { throw SystemError(operation: operation, subject: subject, number: -result) }
        return result
    }
}
