internal import Extents
internal import Glibc

/// Files that a command line names, read whole: pipes and files of /proc too.
enum InputFile {
    /// A file that does not suit an option.
    struct Unfit: HintedError, CustomStringConvertible {
        let description: String
        let hint: String?
    }

    /// - Throws: `FileError`; ``Unfit`` for a folder, and for more bytes than `limit`.
    static func bytes(_ path: String, limit: UInt64) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError("read", path) }
        defer { close(file) }
        return try bytes(of: file, path, limit: limit)
    }

    /// Everything a descriptor gives.
    /// - Parameter name: what errors call it.
    static func bytes(of file: Int32, _ name: String, limit: UInt64) throws -> [UInt8] {
        var info = stat()
        if fstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFDIR {
            throw Unfit(description: "'\(PlainText.short(name))' is a folder", hint: "name a file")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError("read", name) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
            guard UInt64(bytes.count) <= limit else {
                throw Unfit(description: "'\(PlainText.short(name))' has more than \(SizeText.exact(limit))", hint: nil)
            }
        }
    }

    /// Whether two names lead to one file. Names of files that do not exist are compared.
    static func isSame(_ one: String, _ other: String) -> Bool {
        var (first, second) = (stat(), stat())
        guard stat(one, &first) == 0, stat(other, &second) == 0 else { return one == other }
        return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
    }
}
