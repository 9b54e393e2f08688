internal import CInit
internal import Glibc

/// Copies what an image has for folders that a file system in memory is mounted on (`/run`, `/tmp`, `/var`) to where it
/// is seen.
struct Overmount {
    /// The folder that is laid over the target.
    let source: String
    let target: String
    /// Files leave the source once they were copied: it is in memory, too.
    let isMoving: Bool
    let report: (String) -> Void

    func perform() {
        guard Files.isDirectory(source) else { return }
        copyEntries(of: source, to: target == "/" ? "" : target)
        if isMoving { Files.removeTree(source) }
    }

    private func copyEntries(of folder: String, to target: String) {
        for name in Files.names(in: folder) {
            do { try copy(folder + "/" + name, to: target + "/" + name) } catch { report("\(error)") }
        }
    }

    private func copy(_ from: String, to: String) throws(SystemError) {
        var facts = stat()
        guard lstat(from, &facts) == 0 else { throw SystemError(operation: "copy", subject: from, number: errno) }
        switch facts.st_mode & S_IFMT {
        case S_IFDIR:
            try makeFolder(to, facts)
            copyEntries(of: from, to: to)
        case S_IFLNK:
            try makeRoom(at: to)
            guard symlink(Files.linkTarget(from) ?? "", to) == 0, lchown(to, facts.st_uid, facts.st_gid) == 0 else {
                throw fault(to)
            }
        case S_IFREG:
            try makeRoom(at: to)
            try copyFile(from, to, facts)
            if isMoving { unlink(from) }
        default:
            throw SystemError(operation: "copy", subject: from, number: EOPNOTSUPP)
        }
    }

    private func fault(_ path: String) -> SystemError {
        SystemError(operation: "copy to", subject: path, number: errno)
    }

    /// Modes of folders that are in the tree for what lies in them.
    private static let implied: Set<mode_t> = [0o700, 0o755]

    /// A folder that is there keeps its mode and owner, unless the tree's was clearly described: `/tmp` must stay open
    /// to all.
    private func makeFolder(_ path: String, _ facts: stat) throws(SystemError) {
        let mode = facts.st_mode & 0o7777
        if Files.isDirectory(path) {
            if Self.implied.contains(mode) && facts.st_uid == 0 && facts.st_gid == 0 { return }
        } else {
            try makeRoom(at: path)
            guard mkdir(path, 0o700) == 0 else { throw fault(path) }
        }
        guard chown(path, facts.st_uid, facts.st_gid) == 0, chmod(path, mode) == 0 else { throw fault(path) }
    }

    private func makeRoom(at path: String) throws(SystemError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw fault(path) }
    }

    private func copyFile(_ from: String, _ to: String, _ facts: stat) throws(SystemError) {
        let input = open(from, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw SystemError(operation: "open", subject: from, number: errno) }
        defer { close(input) }
        let output = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw fault(to) }
        defer { close(output) }
        while true {
            let count = sendfile(output, input, nil, 1 << 20)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw fault(to) }
            if count == 0 { break }
        }
        var times = [facts.st_mtim, facts.st_mtim]
        guard fchown(output, facts.st_uid, facts.st_gid) == 0, fchmod(output, facts.st_mode & 0o7777) == 0,
            futimens(output, &times) == 0
        else { throw fault(to) }
    }
}
