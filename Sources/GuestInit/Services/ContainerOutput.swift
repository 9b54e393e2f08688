internal import CInit
internal import Glibc
internal import GuestSystem

/// Both outputs of a container: `name.out.log` (standard output) and `name.log` (errors).
final class ContainerOutput {
    let standard: OutputPump
    let errors: OutputPump

    /// - Parameters:
    ///   - prefix: path of the logs without `.log`.
    ///   - kept: how many bytes of the end of each are kept for the console.
    init(prefix: String, loop: EventLoop, kept: Int = 4 << 10) throws(SystemError) {
        standard = try OutputPump(log: LogFile(prefix + ".out.log"), loop: loop, kept: kept)
        errors = try OutputPump(log: LogFile(prefix + ".log"), loop: loop, kept: kept)
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
        log.append(bytes)
        total += bytes.count
        last.append(contentsOf: bytes)
        if last.count > 2 * kept { last.removeFirst(last.count - kept) }
        follower?(bytes)
    }

    private func finish() {
        loop.forget(file: reader)
        close(reader)
        reader = -1
    }
}

/// A log that is rotated at a size, older files kept as `.1` (the latest) to `.N`. The first write creates it.
final class LogFile {
    let path: String
    private let limit: Int
    private let kept: Int
    private var file: Int32 = -1
    private var size = 0
    private var isEnded = false

    /// - Parameters:
    ///   - limit: size in bytes at which the log is rotated.
    ///   - kept: how many old files are kept.
    init(_ path: String, limit: Int = 1 << 20, kept: Int = 10) {
        self.path = path
        self.limit = limit
        self.kept = kept
    }

    deinit { end() }

    /// Nothing is written after this.
    func end() {
        if file >= 0 { close(file) }
        (file, isEnded) = (-1, true)
    }

    /// Appends; what cannot be written is lost: logs live on a tmpfs or on a user's disk, both of which may be full,
    /// and a service must not stop for that.
    func append(_ bytes: ArraySlice<UInt8>) {
        guard !isEnded, open() else { return }
        if size > 0 && size + bytes.count > limit {
            rotate()
            guard open() else { return }
        }
        try? Files.write(Array(bytes), to: file, path)
        size += bytes.count
    }

    private func open() -> Bool {
        if file >= 0 { return true }
        file = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        if file < 0, errno == ENOENT, let folder = Files.parent(of: path) {
            try? Files.makeDirectories(folder)
            file = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        }
        var facts = stat()
        size = file >= 0 && fstat(file, &facts) == 0 ? Int(facts.st_size) : 0
        return file >= 0
    }

    private func rotate() {
        close(file)
        file = -1
        for number in stride(from: kept - 1, to: 0, by: -1) { rename("\(path).\(number)", "\(path).\(number + 1)") }
        if kept > 0 { rename(path, path + ".1") } else { unlink(path) }
    }

    /// The end of the log, from the start of a line.
    func tail(limit: Int) throws(SystemError) -> [UInt8] {
        let bytes = try Files.read(path) ?? []
        guard bytes.count > limit else { return bytes }
        let rest = bytes[(bytes.count - limit)...]
        return Array(rest.firstIndex(of: 0x0A).map { rest[($0 + 1)...] } ?? rest)
    }
}
