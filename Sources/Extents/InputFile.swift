internal import Glibc

/// Files that the user names and that are read at once, whatever they are: pipes and files of /proc have no size.
public enum InputFile {
    /// All bytes up to the end.
    /// - Parameter limit: more bytes are an error.
    /// - Throws: `FileError`, with EFBIG for a file that is too long or has no end.
    public static func bytes(_ path: String, limit: Int) throws -> [UInt8] {
        let number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw FileError("read", path) }
        let file = FileDescriptor(number)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(file.number, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError("read", path) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= limit else { throw FileError("read", path, code: EFBIG) }
        }
    }
}
