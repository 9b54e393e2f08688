internal import Glibc
internal import Synchronization

/// An open file, closed when nobody needs it any more.
final class FileDescriptor: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(number) }

    static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(FileError) -> FileDescriptor {
        while true {
            let number = Glibc.open(path, flags | O_CLOEXEC, mode)
            if number >= 0 { return FileDescriptor(number) }
            guard errno == EINTR else { throw FileError("open", path) }
        }
    }
}

/// The files that were read last stay open, so that many small ranges of one file cost one open(2), and never more than
/// a few dozen are open at once, however many layers a build has.
enum RecentFiles {
    private static let limit = 48
    private static let recent = Mutex<[FileDescriptor]>([])

    static func keep(_ file: FileDescriptor) {
        // The dropped one is closed outside the lock.
        let dropped: FileDescriptor? = recent.withLock { files in
            files.append(file)
            return files.count > limit ? files.removeFirst() : nil
        }
        _ = dropped
    }
}
