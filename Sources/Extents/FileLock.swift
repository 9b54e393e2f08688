internal import Glibc

/// Says, for as long as it lives, that a file is in use: a lock of flock(2), which processes in other containers see as
/// well.
public final class FileLock {
    private let number: Int32

    /// Notes the use of a file that is there. Where it cannot be noted, nothing happens: some file systems have no
    /// locks.
    public init(_ path: String) {
        number = open(path, O_RDONLY | O_CLOEXEC)
        if number >= 0 { _ = flock(number, LOCK_SH | LOCK_NB) }
    }

    deinit { if number >= 0 { close(number) } }

    /// Whether nobody uses a file; false where that cannot be told.
    static func isFree(_ path: String) -> Bool {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard number >= 0 else { return false }
        defer { close(number) }
        return flock(number, LOCK_EX | LOCK_NB) == 0
    }
}
