internal import CInit
internal import Glibc
internal import GuestSystem

/// Both outputs of a container: `name.out.log` (standard output) and `name.log` (errors).
final class ContainerOutput {
    let standard: OutputPump
    let errors: OutputPump

    /// - Parameters:
    ///   - prefix: path of the logs without `.log`.
    ///   - name: what messages call the container.
    ///   - kept: how many bytes of the end of each are kept for the console.
    init(prefix: String, name: String, environment: ContainerEnvironment, kept: Int = 4 << 10) throws(SystemError) {
        func pump(_ path: String) throws(SystemError) -> OutputPump {
            let log = LogFile(path)
            log.result = { environment.logTrouble?.note($0, path) }
            let pump = try OutputPump(log: log, loop: environment.loop, kept: kept)
            pump.isFlooded = {
                environment.console.report("\(name) writes more than \(LogBudget.text); the rest is dropped")
            }
            return pump
        }
        standard = try pump(prefix + ".out.log")
        errors = try pump(prefix + ".log")
    }

    func follow(_ follower: @escaping (ArraySlice<UInt8>) -> Void) {
        standard.follower = follower
        errors.follower = follower
    }

    var files: (Int32, Int32) { (standard.writer, errors.writer) }

    /// To be called when the container runs or has ended: only then can the end of its output be detected.
    func closeWriters() {
        standard.closeWriter()
        errors.closeWriter()
    }

    /// Closes both logs for good, so that the disk they may be on can be unmounted.
    func end() {
        standard.end()
        errors.end()
    }

    /// The last lines of both, to be shown on the console.
    func recentLines(limit: Int) -> [String] {
        standard.drain()
        errors.drain()
        return [standard, errors].flatMap { PlainLines.lines($0.recent, limit: limit) }
    }

    /// Everything kept of both, each with a note about what was dropped.
    func keptLines() -> [String] {
        standard.drain()
        errors.drain()
        return [standard, errors].flatMap { pump in
            let bytes = pump.recent
            let cut = pump.total - bytes.count
            return (cut > 0 ? ["(\(cut) earlier bytes are in \(pump.log.path))"] : []) + PlainLines.lines(bytes)
        }
    }
}

/// Copies what a container writes to its log and to those who follow it.
final class OutputPump {
    private let loop: EventLoop
    let log: LogFile
    private var reader: Int32 = -1
    /// For the container; closed in PID 1 as soon as it has started.
    private(set) var writer: Int32 = -1
    private var buffer = [UInt8](repeating: 0, count: 16 << 10)
    private let kept: Int
    private var last: [UInt8] = []
    /// Number of bytes written so far.
    private(set) var total = 0
    private var budget = LogBudget()
    /// Called when a part of the output is dropped for the first time.
    var isFlooded: () -> Void = {}
    private var wasFlooded = false
    /// Called with everything that is written.
    var follower: ((ArraySlice<UInt8>) -> Void)?

    /// - Parameter kept: how many bytes of the end are kept for the console.
    init(log: LogFile, loop: EventLoop, kept: Int) throws(SystemError) {
        self.log = log
        self.loop = loop
        self.kept = kept
        var ends: [Int32] = [-1, -1]
        try SystemError.check(cinit_pipe(&ends), "creating a pipe for", log.path)
        (reader, writer) = (ends[0], ends[1])
        // The loop holds the pump until the last writer is gone: a daemon may outlive its container.
        try loop.watch(file: reader) { [self] _ in readSome(atMost: 4) }
    }

    deinit {
        closeWriter()
        if reader >= 0 { close(reader) }
    }

    func closeWriter() {
        if writer >= 0 { close(writer) }
        writer = -1
    }

    /// Reads everything written so far.
    func drain() { readSome(atMost: 64) }

    /// The end of the output, from the beginning of a line; whole when it is not longer than what is kept.
    var recent: ArraySlice<UInt8> {
        let bytes = last.suffix(kept)
        guard bytes.count < total, let newline = bytes.firstIndex(of: 0x0A), newline + 1 < bytes.endIndex else {
            return bytes
        }
        return bytes[(newline + 1)...]
    }

    /// Takes what is left of the output, and no more.
    func end() {
        closeWriter()
        drain()
        if reader >= 0 { finish() }
        log.end()
    }

    private func readSome(atMost rounds: Int) {
        for _ in 0..<rounds {
            guard reader >= 0 else { return }
            let count = buffer.withUnsafeMutableBytes { read(reader, $0.baseAddress, $0.count) }
            if count > 0 {
                take(buffer[..<count])
            } else if count == 0 || errno != EAGAIN && errno != EINTR {
                return finish()
            } else {
                return
            }
        }
    }

    private func take(_ bytes: ArraySlice<UInt8>) {
        total += bytes.count
        last.append(contentsOf: bytes)
        if last.count > 2 * kept { last.removeFirst(last.count - kept) }
        let (isTaken, note) = budget.take(bytes, at: loop.now)
        if let note { write(Array(note.utf8)[...]) }
        if isTaken { return write(bytes) }
        if !wasFlooded { isFlooded() }
        wasFlooded = true
    }

    private func write(_ bytes: ArraySlice<UInt8>) {
        log.append(bytes)
        follower?(bytes)
    }

    private func finish() {
        if let note = budget.end() { write(Array(note.utf8)[...]) }
        loop.forget(file: reader)
        close(reader)
        reader = -1
    }
}
