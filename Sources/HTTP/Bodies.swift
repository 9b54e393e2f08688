internal import Extents
internal import Glibc

/// The body of a request being sent.
final class Upload {
    /// Size in bytes.
    let size: UInt64
    private let path: String
    private let file: Int32
    /// Whether libcurl may send it again. A caller that sends a part of a file first asks how much of it arrived.
    private let isRepeatable: Bool
    /// Where the body begins in the file, in bytes.
    private let start: UInt64
    private let bytes: [UInt8]
    /// What was read so far, in bytes.
    private var position: UInt64 = 0

    /// - Returns: nil when there is nothing to send.
    init?(_ body: HTTPRequest.Body) throws {
        if case .range = body { isRepeatable = false } else { isRepeatable = true }
        switch body {
        case .none: return nil
        case .bytes(let all): (path, file, start, bytes, size) = ("", -1, 0, all, UInt64(all.count))
        case .file(let path, let size):
            (self.path, start, bytes, self.size, file) = (path, 0, [], size, try Self.open(path))
        case .range(let path, let offset, let length):
            (self.path, start, bytes, size, file) = (path, offset, [], length, try Self.open(path))
        }
    }

    deinit {
        if file >= 0 { close(file) }
    }

    /// - Returns: the number of bytes filled in; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = Int(min(UInt64(buffer.count), size - position))
        var got = count
        if file < 0 {
            buffer.copyBytes(from: bytes[Int(position)..<Int(position) + count])
        } else if count > 0 {
            got = pread(file, buffer.baseAddress, count, off_t(start + position))
            guard got >= 0 else { throw FileError("read", path) }
            guard got > 0 else { throw ExtentError.changed(path: path) }
        }
        position += UInt64(got)
        return got
    }

    /// Goes back to an offset of the body, in bytes.
    /// - Returns: false for an offset beyond the end, or a body that must not be sent again.
    func seek(to offset: UInt64) -> Bool {
        guard offset <= size, isRepeatable || offset == position else { return false }
        position = offset
        return true
    }

    private static func open(_ path: String) throws -> Int32 {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError("open", path) }
        return file
    }
}

/// Keeps a small body. One exchange uses it, one call after another.
package final class BufferSink: HTTPBodySink, @unchecked Sendable {
    package private(set) var bytes: [UInt8] = []
    private let limit: UInt64
    /// An error page may be cut; a document may not.
    private var cutsErrors = false

    package init(limit: UInt64) { self.limit = limit }

    package func begin(_ response: HTTPResponse) {
        bytes = []
        cutsErrors = !response.isSuccess
    }

    package func receive(_ piece: UnsafeRawBufferPointer) throws {
        if UInt64(bytes.count + piece.count) > limit {
            guard cutsErrors else { throw ExtentError.tooLong(length: UInt64(bytes.count + piece.count), limit: limit) }
            return
        }
        bytes.append(contentsOf: piece)
    }
}
