public import Glibc

/// A system call on a file that did not succeed: what was tried, on which path, and why.
public struct FileError: HintedError, CustomStringConvertible, Sendable {
    public let operation: String
    public let path: String
    public let code: Int32
    /// How many bytes were to be written, when that is known.
    public let needed: UInt64?

    /// - Parameters:
    ///   - operation: what was tried, as a verb: "open", "write", "rename".
    ///   - code: the `errno` value; the current one by default.
    ///   - needed: bytes on disk that the whole file takes.
    public init(_ operation: String, _ path: String, code: Int32 = errno, needed: UInt64? = nil) {
        self.operation = operation
        self.path = path
        self.code = code
        self.needed = needed
    }

    public var description: String { "\(operation) '\(path)': \(String(cString: strerror(code)))" }

    /// For what cannot be written: how much room there is, or who may write there.
    public var hint: String? {
        guard ["write", "create", "rename"].contains(operation) else { return nil }
        let folder = PartialFiles.folder(of: path)
        switch code {
        case ENOSPC, EDQUOT:
            let wanted = needed.map { "the file needs \($0) bytes, and " } ?? ""
            let free = Self.free(in: folder).map { "\($0) bytes are free in '\(folder)'; " } ?? ""
            return wanted + free + "make room there, or write to another folder"
        case EACCES, EPERM: return "user \(geteuid()) may not write to '\(folder)'; write to another folder, or change its permissions"
        case Glibc.EROFS: return "'\(folder)' is on a file system that is read-only; write to another folder"
        case ENOENT where operation == "create": return "the folder above it must be there"
        case ENOENT: return "the folder '\(folder)' must be there"
        case EFBIG: return needed.map { "the file needs \($0) bytes; its file system or a limit of this process allows less" }
        default: return nil
        }
    }

    /// Bytes that this user can still write.
    private static func free(in folder: String) -> UInt64? {
        var info = statvfs()
        guard statvfs(folder, &info) == 0 else { return nil }
        return UInt64(geteuid() == 0 ? info.f_bfree : info.f_bavail) * UInt64(info.f_frsize)
    }
}
