internal import Extents
internal import Glibc

/// What is asked about files of the host before anything is started.
enum FileFacts {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// The first bytes of a file, fewer when it is shorter.
    static func head(of path: String, count: Int) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError("open", path) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: count)
        let got = read(file, &bytes, count)
        guard got >= 0 else { throw FileError("read", path) }
        return Array(bytes.prefix(got))
    }

    /// A small text file whole.
    static func text(of path: String, limit: Int = 1 << 20) throws -> String {
        let bytes = try head(of: path, count: limit)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The names in a folder; none of what cannot be read.
    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }

    /// Finds a program as execvp(3) does.
    static func program(_ name: String, path: String) -> String? {
        if name.contains("/") { return access(name, X_OK) == 0 && !isFolder(name) ? name : nil }
        for folder in path.split(separator: ":") {
            let candidate = "\(folder)/\(name)"
            if access(candidate, X_OK) == 0, !isFolder(candidate) { return candidate }
        }
        return nil
    }
}
