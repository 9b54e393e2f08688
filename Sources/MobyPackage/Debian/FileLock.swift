internal import Extents
internal import Glibc

/// An exclusive lock on a file, held until the value goes away or the process ends.
final class FileLock: Sendable {
    private let descriptor: Int32

    /// Waits for the lock.
    init(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError("open", path) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw FileError("lock", path) }
        }
    }

    deinit { close(descriptor) }
}
