internal import CLinux
internal import Extents
internal import Glibc
internal import Synchronization

/// A program started by this one, in the same process group, so that it may use the terminal.
package final class ChildProcess: Sendable {
    let id: pid_t
    private let status = Mutex<Int32?>(nil)

    private init(id: pid_t) { self.id = id }

    /// Starts a program with default signal handling.
    /// - Parameters:
    ///   - handles: number in the new process → descriptor of this one; standard streams not named are inherited.
    ///   - outlives: whether the program goes on when this one ends or is killed; otherwise the kernel then sends it
    ///     SIGTERM, so that QEMU can flush its disks and restore the terminal.
    /// - Throws: ``RunError`` when it cannot be started.
    package static func start(
        _ executable: String, _ arguments: [String], handles: [Int32: Int32] = [:], outlives: Bool = false
    ) throws -> ChildProcess {
        let words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        let pairs = handles.map { moby_spawn_handle(own: $0.value, theirs: $0.key) }
        let signals = SignalForwarding.signals + [SIGPIPE]
        var id: pid_t = 0
        func spawn() -> Int32 {
            words.withUnsafeBufferPointer { words in
                pairs.withUnsafeBufferPointer { pairs in
                    signals.withUnsafeBufferPointer { signals in
                        var what = moby_program()
                        what.program = words[0].map { UnsafePointer($0) }
                        what.arguments = words.baseAddress
                        what.environment = UnsafePointer(environ)
                        (what.handles, what.handle_count) = (pairs.baseAddress, Int32(pairs.count))
                        (what.signals, what.signal_count) = (signals.baseAddress, Int32(signals.count))
                        what.death_signal = outlives ? 0 : SIGTERM
                        return CLinux.moby_spawn(&id, &what)
                    }
                }
            }
        }
        var code = spawn()
        // A program that was written a moment ago can still be open in a process that was forked meanwhile, for as long
        // as that has not come to exec.
        for _ in 0..<50 where code == ETXTBSY {
            usleep(2000)
            code = spawn()
        }
        guard code == 0 else {
            throw RunError(
                "cannot start '\(PlainText.short(executable))': \(FileError.text(of: code).lowercased())")
        }
        return ChildProcess(id: id)
    }

    /// Waits for the end.
    /// - Returns: the exit status, or 128 and the number of the signal that ended it, as shells have it.
    @discardableResult
    package func wait() -> Int32 { reap(options: 0) ?? -1 }

    /// The exit status when the program has ended.
    func poll() -> Int32? { reap(options: WNOHANG) }

    /// Waits at most `limit`.
    package func wait(within limit: Duration) -> Int32? {
        let end = ContinuousClock.now + limit
        while true {
            if let status = poll() { return status }
            guard ContinuousClock.now < end else { return nil }
            usleep(2000)
        }
    }

    package func send(_ signal: Int32) {
        // Under the lock: once reaped, the number may belong to another.
        status.withLock { if $0 == nil { _ = kill(id, signal) } }
    }

    /// Ends the program: politely, then not.
    func stop() {
        send(SIGTERM)
        if wait(within: .seconds(2)) != nil { return }
        send(SIGKILL)
        wait()
    }

    private func reap(options: Int32) -> Int32? {
        if let known = status.withLock({ $0 }) { return known }
        if options == 0 {
            // Wait without reaping and without the lock, so that others can still send signals.
            var info = siginfo_t()
            while waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        }
        return status.withLock { known in
            if known != nil { return known }
            var raw: Int32 = 0
            let result = waitpid(id, &raw, WNOHANG)
            if result == id { known = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F) }
            if result < 0, errno == ECHILD { known = -1 }
            return known
        }
    }
}

/// A thread for work that waits in system calls: the few threads that tasks share must not be held up by it.
package enum OwnThread {
    /// Starts the work.
    /// - Returns: whether the thread could be started.
    @discardableResult
    package static func start(_ work: @escaping @Sendable () -> Void) -> Bool {
        let box = Unmanaged.passRetained(Work(work))
        var thread = pthread_t()
        guard pthread_create(&thread, nil, body, box.toOpaque()) == 0 else {
            box.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { pointer in
        if let pointer { Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body() }
        return nil
    }
}

/// Two connected sockets of this process, which no program inherits unless it is given one.
enum SocketPair {
    /// - Parameter purpose: for the error.
    /// - Throws: ``RunError``.
    static func make(for purpose: String) throws -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw RunError("creating a socket pair for \(purpose): \(FileError.text().lowercased())")
        }
        return (ends[0], ends[1])
    }
}
