internal import Extents
internal import Glibc
internal import MobyBuild
internal import Progress

/// An exclusive lock on a file, held until the value goes away or the process ends. The file holds the number of the
/// process that has it.
final class AptLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `FileError`; `BuildError` when another holds it for longer than `wait` allows.
    init(_ path: String, wait: LockWait) async throws {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw FileError("open", path) }
        descriptor = file
        try await wait.acquire {
            while flock(file, LOCK_EX | LOCK_NB) != 0 {
                if errno == EINTR { continue }
                guard errno == EWOULDBLOCK else { throw FileError("lock", path) }
                return HeldLock(path: path, holder: Self.holder(file).map { "process \($0)" })
            }
            return nil
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

/// A lock that another process has.
struct HeldLock {
    let path: String
    let holder: String?
}

/// How long to wait for a lock that another process holds.
struct LockWait: Sendable {
    var limit: Duration = .seconds(600)
    var progress = Reporter.silent

    /// Tries again and again.
    /// - Parameter attempt: returns nil when it has what it wants, else the lock that is in the way.
    /// - Throws: `BuildError`; `CancellationError`; what `attempt` throws.
    func acquire(_ attempt: () async throws -> HeldLock?) async throws {
        guard let held = try await attempt() else { return }
        let start = ContinuousClock.now
        let holder = held.holder ?? "another process"
        try await progress.during(.wait, "\(holder), which holds '\(held.path)'") { _ in
            while let held = try await attempt() {
                guard ContinuousClock.now - start < limit else {
                    let holder = held.holder ?? "another process"
                    throw BuildError(
                        "\(holder) has held '\(held.path)' for more than \(limit.components.seconds) s",
                        hint: "check that process and end it if it hangs, or use another store with --cache")
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}
