internal import CInit
internal import Glibc
internal import GuestSystem

/// Copies an image's files for folders that a tmpfs covers (`/run`, `/tmp`, `/var`) to that tmpfs.
struct Overmount {
    /// The folder whose contents go to the target.
    let source: String
    let target: String
    /// Deletes each file of the source once it is copied: the source is in memory, too.
    let isMoving: Bool
    let report: (String) -> Void

    func perform() {
        guard Files.isDirectory(source) else { return }
        copyEntries(of: source, to: target == "/" ? "" : target)
        if isMoving { Files.removeTree(source) }
    }

    private func copyEntries(of folder: String, to target: String) {
        do {
            for name in try Files.list(folder) {
                do { try copy(folder + "/" + name, to: target + "/" + name) } catch { report("\(error)") }
            }
        } catch {
            report("\(error)")
        }
    }

    private func copy(_ from: String, to: String) throws(SystemError) {
        var facts = stat()
        guard lstat(from, &facts) == 0 else { throw SystemError("copying", from) }
        switch facts.st_mode & S_IFMT {
        case S_IFDIR:
            try makeFolder(to, facts)
            copyEntries(of: from, to: to)
        case S_IFLNK:
            try makeRoom(at: to)
            guard let link = Files.linkTarget(from) else { throw SystemError("copying", from) }
            guard symlink(link, to) == 0, lchown(to, facts.st_uid, facts.st_gid) == 0 else {
                throw failure(to)
            }
        case S_IFREG:
            try makeRoom(at: to)
            try copyFile(from, to, facts)
            if isMoving { unlink(from) }
        default:
            throw SystemError("copying", from, number: EOPNOTSUPP)
        }
    }

    private func failure(_ path: String) -> SystemError { SystemError("copying to", path) }

    /// Modes of folders that exist only for their contents.
    private static let implied: Set<mode_t> = [0o700, 0o755]

    /// An existing folder keeps its mode and owner unless the image sets them on purpose: `/tmp` must stay open to all.
    private func makeFolder(_ path: String, _ facts: stat) throws(SystemError) {
        let mode = facts.st_mode & 0o7777
        if Files.isDirectory(path) {
            if Self.implied.contains(mode) && facts.st_uid == 0 && facts.st_gid == 0 { return }
        } else {
            try makeRoom(at: path)
            guard mkdir(path, 0o700) == 0 else { throw failure(path) }
        }
        guard chown(path, facts.st_uid, facts.st_gid) == 0, chmod(path, mode) == 0 else { throw failure(path) }
    }

    private func makeRoom(at path: String) throws(SystemError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure(path) }
    }

    private func copyFile(_ from: String, _ to: String, _ facts: stat) throws(SystemError) {
        let input = open(from, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw SystemError("opening", from) }
        defer { close(input) }
        let output = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw failure(to) }
        defer { close(output) }
        while true {
            let count = sendfile(output, input, nil, 1 << 20)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw failure(to) }
            if count == 0 { break }
        }
        var times = [facts.st_mtim, facts.st_mtim]
        guard fchown(output, facts.st_uid, facts.st_gid) == 0, fchmod(output, facts.st_mode & 0o7777) == 0,
            futimens(output, &times) == 0
        else { throw failure(to) }
    }
}
