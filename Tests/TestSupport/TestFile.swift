internal import FoundationEssentials

/// Files that tests make and read.
public enum TestFile {
    public static func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    public static func text(_ path: String) throws -> String { String(decoding: try read(path), as: UTF8.self) }

    /// Writes a file, with the folders above it. One that may be executed is written by another program: a process that
    /// is forked while this one has the file open for writing would have it open too, and until it is gone the file
    /// could not be started (ETXTBSY, execve(2)).
    public static func write(_ bytes: some Sequence<UInt8>, to path: String, mode: Int = 0o644) throws {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let written = mode & 0o111 == 0 ? path : "\(path).source"
        try Data(bytes).write(to: URL(filePath: written))
        if written != path {
            let copy = try EndedProcess("cp", [written, path])
            guard copy.status == 0 else { throw Oracle.Failure(description: copy.complaint) }
            try FileManager.default.removeItem(atPath: written)
        }
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    public static func write(_ text: String, to path: String, mode: Int = 0o644) throws {
        try write(text.utf8, to: path, mode: mode)
    }
}
