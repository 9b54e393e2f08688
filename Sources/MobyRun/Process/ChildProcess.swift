internal import Glibc
internal import Synchronization

/// A program started by this one, in the same process group, so that it may use the terminal.
package final class ChildProcess: Sendable {
    let id: pid_t
    private let status = Mutex<Int32?>(nil)

    private init(id: pid_t) { self.id = id }

    /// Starts a program with default signal handling.
    /// - Parameter handles: number in the new process → descriptor of this one; standard streams not named are inherited.
    ///   Standard streams are set first, so that setting a higher number cannot overwrite what they are copied from.
    /// - Throws: ``RunError`` when it cannot be started.
    package static func start(_ executable: String, _ arguments: [String], handles: [Int32: Int32] = [:]) throws -> ChildProcess {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (theirs, own) in handles.sorted(by: { $0.key < $1.key }) { posix_spawn_file_actions_adddup2(&actions, own, theirs) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in SignalForwarding.signals + [SIGPIPE] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        let words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var id: pid_t = 0
        var code = posix_spawnp(&id, executable, &actions, &attributes, words, environ)
        // A program that was written a moment ago can still be open in a process that was forked meanwhile, for as long as that has not come to exec.
        for _ in 0..<50 where code == ETXTBSY {
            usleep(2000)
            code = posix_spawnp(&id, executable, &actions, &attributes, words, environ)
        }
        guard code == 0 else { throw RunError("cannot start '\(executable)': \(String(cString: strerror(code)).lowercased())") }
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
