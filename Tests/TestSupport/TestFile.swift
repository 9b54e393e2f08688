internal import Foundation

/// Files that tests make and read.
public enum TestFile {
    public static func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    public static func text(_ path: String) throws -> String { String(decoding: try read(path), as: UTF8.self) }

    /// Names in a folder, sorted.
    public static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    /// All names below a folder, sorted, those of folders with a slash at the end. Links are not followed.
    public static func tree(in folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).map { name in
            let kind =
                try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.type] as? FileAttributeType
            return kind == .typeDirectory ? name + "/" : name
        }.sorted()
    }

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

    /// Writes a file of so many bytes without a pattern, in little memory.
    public static func writeNoise(_ count: Int, to path: String) throws {
        try write("", to: path)
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        var numbers = Numbers(1)
        for start in stride(from: 0, to: count, by: 1_000_000) {
            try file.write(contentsOf: Data(numbers.bytes(min(1_000_000, count - start))))
        }
        try file.close()
    }
}
