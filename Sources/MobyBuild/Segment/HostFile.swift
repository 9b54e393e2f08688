internal import Extents
internal import Glibc

/// A file of the build machine that `files:` names.
enum HostFile {
    struct Problem: Error {
        let reason: String
        var hint: String?
        /// Whether the file is missing, which an optional entry may be.
        var canBeLeftOut = false
    }

    /// Where files are that a bundle has, by their names; nil for those of this machine.
    @TaskLocal static var bundled: [String: String]?

    /// Files up to this many bytes are read at once and to their end, whatever they say of their length.
    private static let small: Int = 64 << 10
    /// The most that is read of a file that says nothing of its length, as those of `/proc` do.
    private static let limit = 16 << 20

    /// - Throws: ``Problem`` for a missing, unreadable, endless or irregular file. Pipes and devices are never
    ///   opened.
    static func read(_ path: String) throws(Problem) -> ExtentList {
        guard let bundled else { return try own(path) }
        guard let file = bundled[path] else {
            throw Problem(reason: "the bundle does not have it", canBeLeftOut: true)
        }
        return try own(file)
    }

    private static func own(_ path: String) throws(Problem) -> ExtentList {
        var info = stat()
        guard stat(path, &info) == 0, access(path, R_OK) == 0 else {
            throw Problem(reason: reason(errno), hint: "set optional: true if it may be missing", canBeLeftOut: true)
        }
        switch info.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR:
            throw Problem(reason: "it is a directory, not a file", hint: "give each file an entry of its own")
        case S_IFIFO: throw Problem(reason: "it is a pipe, not a regular file")
        case S_IFSOCK: throw Problem(reason: "it is a socket, not a regular file")
        default: throw Problem(reason: "it is a device, not a regular file")
        }
        if info.st_size > small {
            do { return try ExtentList(file: path) } catch { throw Problem(reason: "\(error)") }
        }
        return ExtentList(bytes: try whole(path))
    }

    /// The bytes of a file of text that the build itself reads.
    static func bytes(_ path: String) throws(Problem) -> [UInt8] {
        let file = try read(path)
        guard file.length <= UInt64(limit) else { throw Problem(reason: "it has more than \(limit >> 20) MiB") }
        return try whole(bundled.map { $0[path] ?? "" } ?? path)
    }

    private static func whole(_ path: String) throws(Problem) -> [UInt8] {
        // Without waiting: a file such as /proc/kmsg has no end.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw Problem(reason: reason(errno)) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { throw Problem(reason: "it has no end: more data may arrive at any time") }
            guard count >= 0 else { throw Problem(reason: reason(errno)) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= limit else {
                throw Problem(
                    reason: "it claims to be empty, but has more than \(limit >> 20) MiB",
                    hint: "copy the part you need into a file")
            }
        }
    }

    private static func reason(_ code: Int32) -> String { FileError.text(of: code) }
}
