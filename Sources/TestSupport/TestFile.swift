internal import FoundationEssentials

/// Files that tests make and read.
public enum TestFile {
    public static func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    public static func text(_ path: String) throws -> String { String(decoding: try read(path), as: UTF8.self) }

    /// Writes a file, with the folders above it.
    public static func write(_ bytes: some Sequence<UInt8>, to path: String, mode: Int = 0o644) throws {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    public static func write(_ text: String, to path: String, mode: Int = 0o644) throws { try write(text.utf8, to: path, mode: mode) }
}
