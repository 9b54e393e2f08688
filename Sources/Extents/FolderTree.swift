internal import Glibc

/// Folders with all that is in them. Symbolic links are not followed.
public enum FolderTree {
    /// Makes a folder and those above it, where they are missing.
    /// - Throws: `FileError`.
    public static func make(_ path: String) throws {
        if mkdir(path, 0o777) == 0 { return }
        if errno == EEXIST {
            var info = stat()
            guard stat(path, &info) == 0 else { throw FileError("create", path) }
            guard info.st_mode & S_IFMT == S_IFDIR else { throw FileError("create", path, code: ENOTDIR) }
            return
        }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw FileError("create", path)
        }
        try make(String(path[..<slash]))
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw FileError("create", path) }
    }

    /// Removes a file, a link, or a folder with all that is in it; a missing one is not an error.
    /// - Throws: `FileError`.
    public static func remove(_ path: String) throws {
        if unlink(path) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw FileError("remove", path) }
        for name in try names(in: path) { try remove("\(path)/\(name)") }
        guard rmdir(path) == 0 || errno == ENOENT else { throw FileError("remove", path) }
    }

    /// Number and size in bytes of the files at and below a path.
    /// - Throws: `FileError`.
    public static func measure(_ path: String) throws -> (files: Int, bytes: UInt64) {
        guard let info = try HostFiles.status(path, followingLink: false) else { return (0, 0) }
        guard info.st_mode & S_IFMT == S_IFDIR else { return (1, UInt64(info.st_size)) }
        return try names(in: path).reduce((0, 0)) { sum, name in
            let more = try measure("\(path)/\(name)")
            return (sum.0 + more.files, sum.1 + more.bytes)
        }
    }

    /// Names in a folder, sorted; none when it does not exist.
    /// - Throws: `FileError` when it cannot be read, which is not the same as empty.
    public static func names(in folder: String) throws(FileError) -> [String] {
        do { return try rawNames(in: folder).map { String(decoding: $0, as: UTF8.self) }.sorted() } catch {
            guard error.isMissing else { throw error }
            return []
        }
    }

    /// Names in a folder, in no order, and be they no UTF-8.
    /// - Throws: `FileError`, also when it does not exist.
    public static func rawNames(in folder: String) throws(FileError) -> [[UInt8]] {
        guard let handle = opendir(folder) else { throw FileError("read", folder) }
        defer { closedir(handle) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(handle) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) { names.append(name) }
        }
        guard errno == 0 else { throw FileError("read", folder) }
        return names
    }
}
