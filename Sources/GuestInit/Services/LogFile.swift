internal import Glibc

/// A log that is cut at a size, older parts kept as `.1` (the latest) to `.N`. It is made when there is something to
/// write.
final class LogFile {
    let path: String
    private let limit: Int
    private let kept: Int
    private var file: Int32 = -1
    private var size = 0

    /// - Parameters:
    ///   - limit: bytes after which a new file is begun.
    ///   - kept: how many old files are kept.
    init(_ path: String, limit: Int = 1 << 20, kept: Int = 10) {
        self.path = path
        self.limit = limit
        self.kept = kept
    }

    deinit { if file >= 0 { close(file) } }

    /// Appends; what does not fit on the disk is lost.
    func append(_ bytes: ArraySlice<UInt8>) {
        guard open() else { return }
        if size > 0 && size + bytes.count > limit {
            rotate()
            guard open() else { return }
        }
        let count = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        size += max(0, count)
    }

    private func open() -> Bool {
        if file >= 0 { return true }
        file = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        if file < 0, errno == ENOENT, let slash = path.lastIndex(of: "/") {
            try? Files.makeDirectories(String(path[..<slash]))
            file = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        }
        var facts = stat()
        size = file >= 0 && fstat(file, &facts) == 0 ? Int(facts.st_size) : 0
        return file >= 0
    }

    private func rotate() {
        close(file)
        file = -1
        for number in stride(from: kept - 1, to: 0, by: -1) { rename("\(path).\(number)", "\(path).\(number + 1)") }
        if kept > 0 { rename(path, path + ".1") } else { unlink(path) }
    }

    /// The end of what was written, oldest first, beginning at a line.
    func tail(limit: Int) -> [UInt8] {
        let bytes = Files.read(path) ?? []
        guard bytes.count > limit else { return bytes }
        let rest = bytes[(bytes.count - limit)...]
        return Array(rest.firstIndex(of: 0x0A).map { rest[($0 + 1)...] } ?? rest)
    }
}
