internal import Glibc
internal import Synchronization

/// This program once more, with other arguments, whose standard output is read.
struct Process {
    private let pid: pid_t
    private let output: Int32
    /// No process may inherit the pipe of another, or that would not end with its writer.
    private static let starting = Mutex(())

    /// nil when the system has no room for it.
    init?(_ arguments: [String]) {
        guard let started = Self.starting.withLock({ _ in Self.start(arguments) }) else { return nil }
        (pid, output) = started
    }

    private static func start(_ arguments: [String]) -> (pid_t, Int32)? {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            close(ends[1])
        }
        // The message of a crash is enough; a backtrace of each takes long.
        let variables = ["SWIFT_BACKTRACE=enable=no", "LC_ALL=C"]
        var words = (["fuzz"] + arguments).map { strdup($0) } + [nil]
        var environment = variables.map { strdup($0) } + [nil]
        defer { for text in words + environment { free(text) } }
        var pid: pid_t = 0
        guard posix_spawn(&pid, "/proc/self/exe", &actions, nil, &words, &environment) == 0 else {
            close(ends[0])
            return nil
        }
        return (pid, ends[0])
    }

    /// - Returns: what has come: nothing when the time is over; nil when there is no more.
    func read(milliseconds: Int32) -> [UInt8]? {
        var wanted = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        let found = poll(&wanted, 1, milliseconds)
        if found == 0 { return [] }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(output, &bytes, bytes.count)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    /// Waits for its end.
    /// - Returns: as wait(2) has it.
    func end(kill: Bool) -> Int32 {
        if kill { _ = Glibc.kill(pid, SIGKILL) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        close(output)
        return status
    }
}
