internal import CLinux
internal import Glibc
internal import Synchronization

/// A file under a temporary name beside its final one. It is gone unless ``commit()`` was reached, also when a signal
/// ends the process.
final class PartialFile {
    let path: String
    let temporary: String
    let file: FileDescriptor
    private let slot: Int32
    private var committed = false

    private static let counter = Atomic<UInt64>(0)

    /// - Throws: `ExtentError.notRegular` when a folder or device stands in the way; `FileError`.
    init(_ path: String, mode: UInt32) throws {
        var info = stat()
        if stat(path, &info) == 0, info.st_mode & S_IFMT != S_IFREG { throw ExtentError.notRegular(path: path) }
        self.path = path
        while true {
            let number = Self.counter.add(1, ordering: .relaxed).newValue
            let temporary = "\(path).partial.\(getpid()).\(number)"
            let slot = moby_partial_add(temporary)
            do {
                file = try FileDescriptor.open(temporary, O_RDWR | O_CREAT | O_EXCL, mode: mode)
                _ = flock(file.number, LOCK_SH | LOCK_NB)
                (self.temporary, self.slot) = (temporary, slot)
                return
            } catch {
                moby_partial_remove(slot)
                // Left by a process of the same number, perhaps in another container.
                guard error.code == EEXIST else { throw FileError("write", path, code: error.code) }
            }
        }
    }

    deinit {
        if !committed {
            unlink(temporary)
            moby_partial_remove(slot)
        }
    }

    /// Gives the file its final name, unless a file of the same size has it: one that the same rules made has the same
    /// bytes, and whoever reads it may go on.
    func commitUnlessThere() throws {
        var info = stat()
        guard moby_rename_new(temporary, path) != 0 else { return settle() }
        // A file system that cannot tell, or a file of another size: replaced as ever.
        guard errno == EEXIST, stat(path, &info) == 0, let size = try? SourceFile(temporary).size,
            UInt64(info.st_size) == size
        else {
            return try commit()
        }
    }

    /// Gives the file its final name.
    func commit() throws {
        guard rename(temporary, path) == 0 else { throw FileError("write", path) }
        settle()
    }

    private func settle() {
        committed = true
        moby_partial_remove(slot)
    }
}

/// Unfinished output files: `NAME.partial.PID.N` of ``ExtentWriter``, `NAME.staged.PID` of files that wait for others.
public enum PartialFiles {
    /// From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT remove unfinished files before they end the process. For a
    /// program's start.
    public static func removeOnSignals() { moby_partial_unlink_on_signals() }

    /// From now on SIGPIPE ends the process, unfinished files removed and without a word, only when nothing reads
    /// standard output any more; a write to another closed pipe is an error of that write. For a program's start.
    public static func surviveBrokenPipes() { moby_end_only_when_output_is_closed() }

    /// Removes them now, for a program that handles signals itself and is about to end.
    public static func removeAll() { moby_partial_unlink_all() }

    /// Removes what processes that were killed left of files that are about to be written. What a living process writes
    /// stays.
    /// - Parameter paths: final names, all in one folder.
    public static func removeAbandoned(of paths: [String]) {
        guard let first = paths.first else { return }
        let names = Set(paths.map(name))
        removeAbandoned(in: folder(of: first)) { names.contains($0) }
    }

    /// The same for every file of a folder whose final name `isOwn` knows.
    public static func removeAbandoned(in folder: String, where isOwn: (String) -> Bool) {
        guard let stream = opendir(folder) else { return }
        defer { closedir(stream) }
        var found: [(path: String, process: pid_t)] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let (owner, process) = origin(name), isOwn(owner) { found.append(("\(folder)/\(name)", process)) }
        }
        for (path, process) in found where isAbandoned(path, by: process) { unlink(path) }
    }

    /// Whether the process that wrote a file or filled a folder is gone. The lock that it holds decides; its number
    /// only spares a file that was made a moment ago and is not locked yet, since a number is used again, and says
    /// nothing about a process in another container.
    public static func isAbandoned(_ path: String, by process: Int32) -> Bool {
        var info = stat()
        guard lstat(path, &info) == 0, FileLock.isFree(path) else { return false }
        return isGone(process) || time(nil) - info.st_mtim.tv_sec > youth
    }

    /// In seconds.
    private static let youth = 60

    /// The folder that a path lies in.
    public static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// The final name and the process of an unfinished file; nil for another name.
    private static func origin(_ name: String) -> (owner: String, process: pid_t)? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard let mark = parts.firstIndex(where: { $0 == "staged" || $0 == "partial" }), mark > 0 else { return nil }
        let rest = parts[(mark + 1)...].filter { $0 != "partial" }
        // The process, once or twice, and the number of the file.
        guard (1...3).contains(rest.count), let process = rest.first.flatMap({ pid_t($0) }), process > 0,
            rest.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } })
        else { return nil }
        return (parts[..<mark].joined(separator: "."), process)
    }

    private static func isGone(_ process: pid_t) -> Bool { kill(process, 0) != 0 && errno == ESRCH }
}
