internal import Extents
internal import Glibc

/// The body of a request being sent.
final class Upload {
    /// Size in bytes.
    let size: UInt64
    private let path: String
    private let file: Int32
    private var bytes: ArraySlice<UInt8> = []

    /// - Returns: nil when there is nothing to send.
    init?(_ body: HTTPRequest.Body) throws {
        switch body {
        case .none: return nil
        case .bytes(let all):
            path = ""
            file = -1
            bytes = all[...]
            size = UInt64(all.count)
        case .file(let path, let size):
            self.path = path
            self.size = size
            file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { throw FileError("open", path) }
        }
    }

    deinit {
        if file >= 0 { close(file) }
    }

    /// - Returns: the number of bytes filled in; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard file >= 0 else {
            let piece = bytes.prefix(buffer.count)
            buffer.copyBytes(from: piece)
            bytes = bytes.dropFirst(piece.count)
            return piece.count
        }
        let got = Glibc.read(file, buffer.baseAddress, buffer.count)
        guard got >= 0 else { throw FileError("read", path) }
        return got
    }
}
