internal import CInit
internal import Glibc
internal import GuestSystem

/// The only code in which PID 1 waits: for files, children, times and signals.
///
/// Nothing else calls waitpid(2). Code that has to wait calls ``wait(until:_:)``, which keeps everything else running.
final class EventLoop {
    /// What a file is ready for.
    struct Readiness: OptionSet {
        let rawValue: Int32

        static let readable = Readiness(rawValue: Int32(CINIT_READABLE.rawValue))
        static let writable = Readiness(rawValue: Int32(CINIT_WRITABLE.rawValue))
        static let hungUp = Readiness(rawValue: Int32(CINIT_HUNG_UP.rawValue))
        /// For ``EventLoop/watch(file:for:_:)``: calls once for each change, not as long as the file is ready. A serial
        /// port that the other side has closed is ready for ever.
        static let changes = Readiness(rawValue: Int32(CINIT_CHANGES.rawValue))
    }

    /// Which children are reaped: all (PID 1), or those with a handler (tests).
    enum Scope { case all, watched }

    private let epoll: Int32
    private let scope: Scope
    private var files: [Int32: (Readiness) -> Void] = [:]
    private var children: [pid_t: (ProcessStatus) -> Void] = [:]
    private var timers: [(due: Milliseconds, identifier: Int, action: () -> Void)] = []
    private var lastTimer = 0
    /// Ended children that had no handler yet: a container's process may end before runc, which reports its pid.
    private var unclaimed: [(pid: pid_t, status: ProcessStatus)] = []

    init(scope: Scope) throws(SystemError) {
        self.scope = scope
        epoll = try SystemError.check(cinit_epoll(), "creating an epoll file for", "")
    }

    deinit { close(epoll) }

    var now: Milliseconds { cinit_uptime() }

    /// Calls `handler` with the readiness of `file` until ``forget(file:)``.
    func watch(file: Int32, for events: Readiness = .readable, _ handler: @escaping (Readiness) -> Void)
        throws(SystemError)
    {
        let change = files[file] == nil ? CINIT_ADD : CINIT_MODIFY
        try SystemError.check(
            cinit_epoll_control(epoll, file, change, events.rawValue), "watching file", "\(file)")
        files[file] = handler
    }

    func forget(file: Int32) {
        // It cannot fail for a file that was added and is still open.
        if files.removeValue(forKey: file) != nil { _ = cinit_epoll_control(epoll, file, CINIT_REMOVE, 0) }
    }

    /// Calls `handler` once when the child has ended.
    func watch(child pid: pid_t, _ handler: @escaping (ProcessStatus) -> Void) {
        if let index = unclaimed.firstIndex(where: { $0.pid == pid }) {
            let status = unclaimed.remove(at: index).status
            after(0) { handler(status) }
        } else if kill(pid, 0) != 0 && errno == ESRCH {
            after(0) { handler(.unknown) }
        } else {
            children[pid] = handler
        }
    }

    /// Calls `action` once, `delay` from now. The result cancels it.
    @discardableResult
    func after(_ delay: Milliseconds, _ action: @escaping () -> Void) -> Int {
        lastTimer += 1
        timers.append((now + delay, lastTimer, action))
        return lastTimer
    }

    func cancel(timer identifier: Int) { timers.removeAll { $0.identifier == identifier } }

    /// Turns until `condition` holds (true) or the time is `deadline` (false).
    @discardableResult
    func wait(until deadline: Milliseconds? = nil, _ condition: () -> Bool) -> Bool {
        while !condition() {
            if let deadline, now >= deadline { return false }
            turn(atMost: deadline.map { $0 - now })
        }
        return true
    }

    /// Waits for one or more events, at most so many milliseconds, and handles them.
    func turn(atMost limit: Milliseconds? = nil) {
        var patience = limit ?? -1
        if let due = timers.map({ $0.due }).min() {
            let left = max(0, due - now)
            patience = patience < 0 ? left : min(patience, left)
        }
        // Without SIGCHLD, children have to be polled.
        if scope == .watched && !children.isEmpty { patience = patience < 0 ? 2 : min(patience, 2) }
        var ready = [Int32](repeating: 0, count: 64)
        var events = [Int32](repeating: 0, count: 64)
        let count = cinit_epoll_wait(epoll, &ready, &events, 64, Int32(clamping: patience))
        for index in 0..<max(0, Int(count)) { files[ready[index]]?(Readiness(rawValue: events[index])) }
        reap()
        fireTimers()
    }

    private func fireTimers() {
        let time = now
        let due = timers.filter { $0.due <= time }.sorted { ($0.due, $0.identifier) < ($1.due, $1.identifier) }
        guard !due.isEmpty else { return }
        timers.removeAll { $0.due <= time }
        for timer in due { timer.action() }
    }

    /// Reaps every ended child, then calls the handlers: those of runc find the pids they wait for in `unclaimed`.
    private func reap() {
        var ended: [(pid: pid_t, status: ProcessStatus)] = []
        var word: Int32 = 0
        switch scope {
        case .all:
            while case let pid = cinit_reap(-1, &word), pid > 0 { ended.append((pid, ProcessStatus(word: word))) }
        case .watched:
            for pid in children.keys where cinit_reap(pid, &word) == pid {
                ended.append((pid, ProcessStatus(word: word)))
            }
        }
        guard !ended.isEmpty else { return }
        unclaimed.append(contentsOf: ended.filter { children[$0.pid] == nil })
        if unclaimed.count > 256 { unclaimed.removeFirst(unclaimed.count - 256) }
        for (pid, status) in ended { children.removeValue(forKey: pid)?(status) }
    }
}
