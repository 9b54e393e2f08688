/// Bytes that cannot be read or written as asked.
public enum ExtentError: HintedError, CustomStringConvertible, Sendable {
    /// More bytes than the caller is ready to hold in memory.
    case tooLong(length: UInt64, limit: UInt64)
    /// A read beyond the end, e.g. by what a damaged image says.
    case beyondEnd(offset: UInt64, count: Int, length: UInt64)
    /// A file is not what it was when the extent list was made: size, time of modification or identity differ.
    case changed(path: String)
    /// The place to write to is a folder, a device or the like.
    case notRegular(path: String)

    /// A file of a cache is not what its checksum says; it has been removed.
    case damaged(path: String)
    /// Bytes beyond the end of a truncated file.
    case missing

    public var description: String {
        switch self {
        case .tooLong(let length, let limit): "\(length) bytes, the limit is \(limit)"
        case .beyondEnd(let offset, let count, let length):
            "\(count) bytes at \(offset) are beyond the end at \(length)"
        case .missing: "the bytes are beyond the end of the truncated file"
        case .changed(let path): "'\(path)' changed during the build"
        case .damaged(let path): "'\(path)' was damaged and has been removed"
        case .notRegular(let path): "'\(path)' is not a regular file and cannot be replaced"
        }
    }

    /// The remedy, when there is one.
    public var hint: String? {
        switch self {
        case .tooLong, .beyondEnd, .missing: nil
        case .changed: "make sure that nothing writes to the file during a build, then build again"
        case .damaged: "run the command again: the file is regenerated"
        case .notRegular: "choose another output file"
        }
    }
}
