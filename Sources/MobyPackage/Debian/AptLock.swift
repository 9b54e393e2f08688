internal import Extents
internal import Glibc

/// An exclusive lock on a file, held until the value goes away or the process ends. The file holds the number of the
/// process that has it.
final class AptLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `FileError`; ``LockTimeout`` when another holds it for longer than `wait` allows.
    init(_ path: String, wait: LockWait) async throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError("open", path) }
        var waiter = LockWaiter(wait, path: path)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            guard errno == EWOULDBLOCK else { throw FileError("lock", path) }
            try await waiter.pause(holder: Self.holder(descriptor).map { "process \($0)" })
        }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw FileError("truncate", path)
        }
        try HostFiles.write(text, to: descriptor, name: path)
    }

    deinit { close(descriptor) }

    private static func holder(_ descriptor: Int32) -> Int? {
        var buffer = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        return count > 0
            ? Int(String(decoding: buffer.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)) : nil
    }
}

/// How long to wait for a lock that another process holds.
struct LockWait: Sendable {
    /// After this the user reads about it.
    var silence: Duration = .seconds(2)
    var limit: Duration = .seconds(600)
    var progress: @Sendable (String) -> Void = { _ in }
}

/// One wait for one lock.
struct LockWaiter {
    private let wait: LockWait
    private let path: String
    private let start = ContinuousClock.now
    private var isReported = false

    init(_ wait: LockWait, path: String) {
        self.wait = wait
        self.path = path
    }

    /// Waits for a moment before the next try.
    /// - Throws: ``LockTimeout``; `CancellationError`.
    mutating func pause(holder: String?) async throws {
        let waited = ContinuousClock.now - start
        let holder = holder ?? "another process"
        guard waited < wait.limit else {
            throw LockTimeout(path: path, holder: holder, seconds: wait.limit.components.seconds)
        }
        if !isReported, waited >= wait.silence {
            isReported = true
            wait.progress("waiting for \(holder), which holds '\(path)'")
        }
        try await Task.sleep(for: .milliseconds(100))
    }
}

/// A lock that another process did not give up in time.
struct LockTimeout: HintedError, CustomStringConvertible {
    let path: String
    let holder: String
    let seconds: Int64

    var description: String { "\(holder) has held '\(path)' for more than \(seconds) s" }
    var hint: String? { "check that process and end it if it hangs, or use another store with --cache" }
}
