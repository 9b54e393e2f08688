internal import CLinux
internal import Glibc
internal import SystemPackage

/// Unfinished output files: `NAME.partial.PID.N`, and `NAME.staged.PID` of earlier versions.
public enum PartialFiles {
    /// From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT remove unfinished files before they end the process. For a
    /// program's start.
    public static func removeOnSignals() { moby_partial_unlink_on_signals() }

    /// From now on SIGPIPE ends the process, unfinished files removed and without a word, only when nothing reads
    /// standard output any more; a write to another closed pipe is an error of that write. For a program's start.
    public static func surviveBrokenPipes() { moby_end_only_when_output_is_closed() }

    /// Removes what killed processes left of files that are about to be written. Files of living processes stay.
    /// - Parameter paths: final names, all in one folder.
    public static func removeAbandoned(of paths: [String]) {
        guard let first = paths.first else { return }
        let names = Set(paths.map(name))
        removeAbandoned(in: folder(of: first)) { names.contains($0) }
    }

    /// The same for every file of a folder whose final name `isOwn` knows.
    public static func removeAbandoned(in folder: String, where isOwn: (String) -> Bool) {
        // What cannot be listed is reported when something is written.
        guard let names = try? FolderTree.names(in: folder) else { return }
        for name in names {
            guard let (owner, process) = origin(name), isOwn(owner) else { continue }
            let path = "\(folder)/\(name)"
            if isAbandoned(path, by: process) { unlink(path) }
        }
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

    /// The parent folder of a path.
    public static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The last part of a path.
    public static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// A path that a file names, relative to the folder of that file.
    public static func path(_ name: String, nextTo file: String) -> String {
        FilePath(file).removingLastComponent().pushing(FilePath(name)).string
    }

    /// The final name and the process of an unfinished file; nil for another name.
    private static func origin(_ name: String) -> (owner: String, process: pid_t)? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard let mark = parts.firstIndex(where: { $0 == "staged" || $0 == "partial" }), mark > 0 else { return nil }
        let rest = parts[(mark + 1)...].filter { $0 != "partial" }
        // The process, once or twice, and the number of the file.
        guard (1...3).contains(rest.count), let process = rest.first.flatMap({ pid_t($0) }), process > 0,
            rest.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isASCIIDigit) })
        else { return nil }
        return (parts[..<mark].joined(separator: "."), process)
    }

    private static func isGone(_ process: pid_t) -> Bool { kill(process, 0) != 0 && errno == ESRCH }
}
