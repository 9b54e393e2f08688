internal import Glibc
internal import GuestSystem

/// An open folder. Names are single components and links are not followed, so that nothing leads out of it.
struct Folder: ~Copyable {
    private let file: Int32
    /// For messages.
    let path: String

    private init(file: Int32, path: String) {
        self.file = file
        self.path = path
    }

    /// An existing folder; links of `path` are followed.
    init(_ path: String) throws(MetadataError) {
        let file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw MetadataError("opening", path) }
        self.init(file: file, path: path)
    }

    deinit { close(file) }

    /// A single component of a path.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
            && !name.utf8.contains { $0 == 0x2F || $0 == 0 }
    }

    private borrowing func checked(_ name: String) throws(MetadataError) -> String {
        guard Self.isName(name) else {
            throw MetadataError("name '\(String(name.prefix(80)))' in '\(path)', expected a single file name")
        }
        return "\(path)/\(name)"
    }

    /// A folder in this one; nil when it does not exist.
    borrowing func folder(_ name: String) throws(MetadataError) -> Folder? {
        let whole = try checked(name)
        let opened = openat(file, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if opened < 0, errno == ENOENT { return nil }
        guard opened >= 0 else { throw MetadataError("opening", whole) }
        return Folder(file: opened, path: whole)
    }

    /// A folder in this one, created if missing.
    borrowing func makeFolder(_ name: String) throws(MetadataError) -> Folder {
        let whole = try checked(name)
        guard mkdirat(file, name, 0o755) == 0 || errno == EEXIST else { throw MetadataError("creating", whole) }
        guard let folder = try folder(name) else { throw MetadataError("opening", whole, number: ENOENT) }
        return folder
    }

    borrowing func setMode(_ mode: mode_t) throws(MetadataError) {
        guard fchmod(file, mode) == 0 else { throw MetadataError("setting the mode of", path) }
    }

    /// A file in this folder, of `limit` bytes at most; nil when it does not exist.
    borrowing func read(_ name: String, limit: Int = Finding.longest) throws(MetadataError) -> [UInt8]? {
        let whole = try checked(name)
        let opened = openat(file, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        if opened < 0, errno == ENOENT { return nil }
        guard opened >= 0 else { throw MetadataError("opening", whole) }
        defer { close(opened) }
        return try Self.contents(of: opened, named: whole, limit: limit)
    }

    /// Replaces a file in this folder; a folder of that name is an error.
    borrowing func write(_ bytes: [UInt8], to name: String, mode: mode_t = 0o644) throws(MetadataError) {
        let whole = try checked(name)
        guard unlinkat(file, name, 0) == 0 || errno == ENOENT else { throw MetadataError("replacing", whole) }
        let opened = openat(file, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw MetadataError("creating", whole) }
        defer { close(opened) }
        do { try Files.write(bytes, to: opened, whole) } catch { throw MetadataError(error) }
        guard fchmod(opened, mode) == 0 else { throw MetadataError("setting the mode of", whole) }
    }

    /// All bytes of a regular file.
    static func contents(of file: Int32, named path: String, limit: Int) throws(MetadataError) -> [UInt8] {
        var facts = stat()
        guard fstat(file, &facts) == 0 else { throw MetadataError("reading", path) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw MetadataError("'\(path)' is not a regular file") }
        let bytes: [UInt8]
        do { bytes = try Files.contents(of: file, path, limit: limit + 1) } catch { throw MetadataError(error) }
        guard bytes.count <= limit else { throw MetadataError("'\(path)' is longer than \(limit) bytes") }
        return bytes
    }
}
