internal import Extents
internal import Glibc

/// A descriptor that is closed when it is no longer needed.
struct ScratchFile: ~Copyable {
    let number: Int32

    private init(_ number: Int32, _ name: String) throws {
        guard number >= 0 else { throw FileError("open", name) }
        self.number = number
    }

    /// A file without a name, which goes with its descriptor. It is read from the start.
    static func make(_ bytes: [UInt8] = []) throws -> ScratchFile {
        var template = Array("/tmp/moby-test-XXXXXX".utf8CString)
        let number = mkstemp(&template)
        if number >= 0 {
            unlink(template)
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        }
        let file = try ScratchFile(number, "/tmp")
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { write(number, $0.baseAddress.map { $0 + done }, bytes.count - done) }
            guard count > 0 else { throw FileError("write", "/tmp") }
            done += count
        }
        lseek(number, 0, SEEK_SET)
        return file
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
