public import Glibc

/// A system call on a file that did not succeed: what was tried, on which path, and why.
public struct FileError: HintedError, CustomStringConvertible, Sendable {
    public let operation: String
    public let path: String
    public let code: Int32
    /// How many bytes were to be written, when that is known.
    public let needed: UInt64?
    /// When there was no room: how many bytes there were at that moment, and in which folder.
    private let room: Room?

    /// What messages call standard output, which lies in no folder.
    public static let standardOutput = "standard output"

    private struct Room: Sendable {
        let free: UInt64
        let folder: String
    }

    /// - Parameters:
    ///   - operation: what was tried, as a verb: "open", "write", "rename".
    ///   - code: the `errno` value; the current one by default.
    ///   - needed: bytes on disk that the whole file takes.
    ///   - file: the file being written, which knows its file system better than a name does.
    ///   - folder: its folder, when `path` does not name it.
    public init(
        _ operation: String, _ path: String, code: Int32 = errno, needed: UInt64? = nil, file: Int32? = nil,
        folder: String? = nil
    ) {
        self.operation = operation
        self.path = path
        self.code = code
        self.needed = needed
        guard code == ENOSPC || code == EDQUOT, path != Self.standardOutput else {
            room = nil
            return
        }
        // Now: cleaning up after the error frees room.
        let folder = folder ?? PartialFiles.folder(of: path)
        let free = file.map { FreeSpace.bytes(of: $0) } ?? FreeSpace.bytes(in: folder)
        room = free.map { Room(free: $0, folder: folder) }
    }

    /// The same error about the final name of a file that was written under another.
    public init(_ problem: FileError, path: String, needed: UInt64?) {
        (operation, self.path, code, self.needed) = (problem.operation, path, problem.code, needed)
        room = problem.room.map { Room(free: $0.free, folder: PartialFiles.folder(of: path)) }
    }

    public var description: String { "\(operation) '\(path)': \(Self.text(of: code))" }

    /// The C library's words for an error number.
    public static func text(of code: Int32 = errno) -> String { String(cString: strerror(code)) }

    /// How to get access; for what cannot be written, how much room there is.
    public var hint: String? {
        if ["read", "open"].contains(operation), code == EACCES {
            return
                "user \(geteuid()) may not read it; run as its owner, or change its permissions or those of its folder"
        }
        guard ["write", "create", "rename"].contains(operation), path != Self.standardOutput else { return nil }
        let folder = PartialFiles.folder(of: path)
        switch code {
        case ENOSPC, EDQUOT:
            let wanted = needed.map { "the file needs \(SizeText.decimal($0)), and " } ?? ""
            let free = room.map { "\(SizeText.decimal($0.free)) were free in '\($0.folder)'; " } ?? ""
            return (free.isEmpty ? "" : wanted) + free + "make room there, or write to another folder"
        case EACCES, EPERM:
            return "user \(geteuid()) may not write to '\(folder)'; write to another folder, or change its permissions"
        case Glibc.EROFS: return "'\(folder)' is on a file system that is read-only; write to another folder"
        case ENOENT where operation == "create": return "its parent folder must exist"
        case ENOENT: return "the folder '\(folder)' must exist"
        case EFBIG:
            return needed.map {
                "the file needs \(SizeText.decimal($0)); its file system or a limit of this process allows less"
            }
        default: return nil
        }
    }
}
