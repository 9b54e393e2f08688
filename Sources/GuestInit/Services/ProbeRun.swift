internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem

/// One look at a running container from outside.
final class ProbeRun {
    private let probe: Supervision.Probe
    private let pid: pid_t
    private let bundle: Bundle
    private let environment: ContainerEnvironment
    private let limit: Milliseconds
    private var done: ((String?) -> Void)?
    /// The process that looks, or its launcher.
    private var child: pid_t?
    private var timer: Int?
    /// The end of what the command prints.
    private var reader: Int32 = -1

    private var loop: EventLoop { environment.loop }

    /// - Parameters:
    ///   - pid: the container's first process.
    ///   - done: called once, not before this returns, unless it is cancelled; with nil if all is well, else with the
    ///     reason.
    init(
        _ probe: Supervision.Probe, pid: pid_t, _ bundle: Bundle, environment: ContainerEnvironment,
        limit: Milliseconds, done: @escaping (String?) -> Void
    ) {
        (self.probe, self.pid, self.bundle, self.environment) = (probe, pid, bundle, environment)
        (self.limit, self.done) = (limit, done)
        timer = loop.after(limit) { [self] in
            stop()
            finish("timed out after \(TimeText.seconds(limit))")
        }
        start()
    }

    deinit { if reader >= 0 { close(reader) } }

    func cancel() {
        done = nil
        if let timer { loop.cancel(timer: timer) }
        timer = nil
        stop()
    }

    private func stop() {
        guard let child else { return }
        self.child = nil
        if kill(-child, SIGKILL) != 0 { kill(child, SIGKILL) }
    }

    private func finish(_ reason: String?) {
        if let timer { loop.cancel(timer: timer) }
        timer = nil
        let handler = done
        done = nil
        handler?(reason)
    }

    private func finishSoon(_ reason: String?) { loop.after(0) { [self] in finish(reason) } }

    private func start() {
        switch probe {
        case .tcp(let port): connect(port, path: nil)
        case .http(let port, let path): connect(port, path: path)
        case .file(let path):
            let result = cinit_exists_in_root("/proc/\(pid)/root", path)
            finishSoon(result == 0 ? nil : SystemError.text(of: -result))
        case .exec(let words): execute(words)
        case .notify: finishSoon("nothing was sent")
        }
    }

    // MARK: Network

    private func connect(_ port: Int, path: String?) {
        let child = cinit_probe(pid, Int32(port), path, Int32(clamping: limit / 1000 + 1))
        guard child > 0 else { return finishSoon(SystemError.text(of: -child)) }
        self.child = child
        loop.watch(child: child) { [self] status in
            self.child = nil
            finish(Self.reason(status))
        }
    }

    private static func reason(_ status: ProcessStatus) -> String? {
        switch status {
        case .exited(0): nil
        case .exited(let code) where code == Int32(CINIT_NO_HTTP.rawValue): "the answer is not HTTP"
        case .exited(let code) where code > Int32(CINIT_HTTP_STATUS.rawValue):
            "the answer has a status of \(code - Int32(CINIT_HTTP_STATUS.rawValue))xx"
        case .exited, .killed, .unknown: status.errorText
        }
    }

    // MARK: Commands

    private func execute(_ words: [String]) {
        var ends: [Int32] = [-1, -1]
        guard let runc = environment.runc.executable() else { return finishSoon(Runc.missing) }
        guard cinit_pipe(&ends) == 0 else { return finishSoon("no pipe") }
        reader = ends[0]
        defer { close(ends[1]) }
        let pidFile = "\(environment.state)/\(bundle.name).probe.pid"
        unlink(pidFile)
        do {
            let launcher = try Process.start(
                environment.runc.exec(.init(words), in: bundle, pidFile: pidFile), path: runc,
                environment: Runc.environment, output: ends[1], errors: ends[1])
            child = launcher
            loop.watch(child: launcher) { [self] status in launched(status, pidFile) }
        } catch {
            finishSoon("\(error)")
        }
    }

    private func launched(_ status: ProcessStatus, _ pidFile: String) {
        let process = Files.text(pidFile).flatMap { pid_t($0) }
        unlink(pidFile)
        child = nil
        guard done != nil else {
            if let process, process > 0 { kill(process, SIGKILL) }
            return
        }
        guard status.isSuccess, let process, process > 0 else { return finish(lastLine ?? "runc exec: \(status.text)") }
        child = process
        loop.watch(child: process) { [self] status in
            child = nil
            finish(status.isSuccess ? nil : status.text + (lastLine.map { ": \($0)" } ?? ""))
        }
    }

    private var lastLine: String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(reader, &buffer, buffer.count)
        return count > 0 ? PlainLines.lines(buffer[..<count], limit: 1).last.map(Runc.message) : nil
    }
}

extension Supervision.Probe {
    /// `tcp 80`, `exec 'pg_isready -q'`.
    var text: String {
        switch self {
        case .tcp(let port): "tcp \(port)"
        case .http(let port, let path): "http \(port) \(path)"
        case .file(let path): "file \(path)"
        case .exec(let words): "exec '\(words.joined(separator: " "))'"
        case .notify: "notify"
        }
    }
}
