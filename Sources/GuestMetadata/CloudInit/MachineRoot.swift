internal import Glibc
internal import GuestSystem

/// The machine's root, for a program with another one: `/proc/1/root` in a container that sees PID 1.
struct MachineRoot {
    let path: String

    func path(_ inner: String) -> String { path + inner }

    /// A file's bytes; nil when it does not exist.
    func read(_ inner: String) throws(MetadataError) -> [UInt8]? {
        do throws(SystemError) { return try Files.read(path(inner)) } catch { throw MetadataError(error) }
    }

    func exists(_ inner: String) -> Bool { Files.exists(path(inner)) }

    func makeFolders(_ inner: String, mode: mode_t = 0o755) throws(MetadataError) {
        do throws(SystemError) {
            try Files.makeDirectories(path(inner), mode: mode)
        } catch {
            throw MetadataError(error)
        }
    }

    /// Writes a file and the folders above it; an old file is replaced as a whole, by rename.
    func write(_ bytes: [UInt8], to inner: String, mode: mode_t = 0o644, owner: Owner = .root) throws(MetadataError) {
        let whole = path(inner)
        if let parent = Files.parent(of: inner) { try makeFolders(parent) }
        let partial = "\(whole).cloud-init"
        unlink(partial)
        try fill(partial, bytes, mode: mode, owner: owner, flags: O_CREAT | O_EXCL)
        guard rename(partial, whole) == 0 else {
            let error = MetadataError("creating", whole)
            unlink(partial)
            throw error
        }
    }

    func append(_ bytes: [UInt8], to inner: String, mode: mode_t, owner: Owner) throws(MetadataError) {
        if let parent = Files.parent(of: inner) { try makeFolders(parent) }
        try fill(path(inner), bytes, mode: mode, owner: owner, flags: O_CREAT | O_APPEND)
    }

    private func fill(_ path: String, _ bytes: [UInt8], mode: mode_t, owner: Owner, flags: Int32)
        throws(MetadataError)
    {
        let file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, 0o600)
        guard file >= 0 else { throw MetadataError("creating", path) }
        defer { close(file) }
        do throws(SystemError) { try Files.write(bytes, to: file, path) } catch { throw MetadataError(error) }
        // chown(2) drops the set-ID bits.
        guard fchown(file, owner.user, owner.group) == 0 else { throw MetadataError("setting the owner of", path) }
        guard fchmod(file, mode) == 0 else { throw MetadataError("setting the mode of", path) }
    }

    func setOwner(_ inner: String, _ owner: Owner, mode: mode_t) throws(MetadataError) {
        let whole = path(inner)
        guard lchown(whole, owner.user, owner.group) == 0 else { throw MetadataError("setting the owner of", whole) }
        guard chmod(whole, mode) == 0 else { throw MetadataError("setting the mode of", whole) }
    }

    func link(_ inner: String, to target: String) throws(MetadataError) {
        if let parent = Files.parent(of: inner) { try makeFolders(parent) }
        let whole = path(inner)
        guard unlink(whole) == 0 || errno == ENOENT else { throw MetadataError("replacing", whole) }
        guard symlink(target, whole) == 0 else { throw MetadataError("creating", whole) }
    }
}

/// Numbers of a user and a group.
struct Owner: Equatable {
    var user: uid_t
    var group: gid_t

    static let root = Owner(user: 0, group: 0)
}
