internal import Extents
internal import Glibc

/// A descriptor that is closed when it is no longer needed.
struct ScratchFile: ~Copyable {
    let number: Int32

    private init(_ number: Int32, _ name: String) throws {
        guard number >= 0 else { throw FileError("open", name) }
        self.number = number
    }

    init(reading path: String) throws { try self.init(open(path, O_RDONLY | O_CLOEXEC), path) }

    /// Without a name: it goes with the descriptor.
    static func make() throws -> ScratchFile {
        var template = Array("/tmp/moby-test-XXXXXX".utf8CString)
        let number = mkstemp(&template)
        if number >= 0 {
            unlink(template)
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        }
        return try ScratchFile(number, "/tmp")
    }

    func contents() throws -> [UInt8] {
        let length = Int(lseek(number, 0, SEEK_END))
        return try [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            while count < length {
                let read = pread(number, buffer.baseAddress.map { $0 + count }, length - count, off_t(count))
                guard read > 0 else { throw FileError("read", "/tmp") }
                count += read
            }
        }
    }

    deinit { close(number) }
}
