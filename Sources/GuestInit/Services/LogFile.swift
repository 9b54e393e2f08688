internal import Glibc
internal import GuestSystem

/// A log that is rotated at a size, older files kept as `.1` (the latest) to `.N`. The first write creates it.
final class LogFile {
    let path: String
    private let limit: Int
    private let kept: Int
    private var file: Int32 = -1
    private var size = 0
    private var isEnded = false
    /// Called after each write; nil is success.
    var result: (SystemError?) -> Void = { _ in }

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

    /// Appends; what cannot be written is lost, and reported to ``result``: logs live on a tmpfs or on a user's disk,
    /// both of which may be full, and a service must not stop for that.
    func append(_ bytes: ArraySlice<UInt8>) {
        guard !isEnded else { return }
        do {
            try open()
            if size > 0 && size + bytes.count > limit {
                rotate()
                try open()
            }
            try Files.write(Array(bytes), to: file, path)
            size += bytes.count
            result(nil)
        } catch {
            result(error)
        }
    }

    private func open() throws(SystemError) {
        if file >= 0 { return }
        file = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        if file < 0, errno == ENOENT, let folder = Files.parent(of: path) {
            try Files.makeDirectories(folder)
            file = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        }
        try SystemError.check(file >= 0 ? file : -errno, "opening", path)
        var facts = stat()
        size = fstat(file, &facts) == 0 ? Int(facts.st_size) : 0
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

/// Limits what a container writes to a log: a flood takes the time of PID 1 and turns over the logs of an hour in a
/// second.
struct LogBudget: Equatable {
    /// For ``span`` milliseconds, each of the two outputs.
    static let lines = 50_000
    static let bytes = 16 << 20
    static let span: Milliseconds = 10_000
    static let text = "\(lines) lines or \(bytes >> 20) MiB in \(span / 1000) s"

    private var start: Milliseconds?
    private var lines = 0
    private var bytes = 0
    private(set) var droppedLines = 0
    private(set) var droppedBytes = 0

    /// - Returns: whether the bytes are written, and a line that comes before them.
    mutating func take(_ new: ArraySlice<UInt8>, at now: Milliseconds) -> (isTaken: Bool, note: String?) {
        var note: String?
        if start.map({ now - $0 >= Self.span }) ?? true {
            note = end()
            (start, lines, bytes) = (now, 0, 0)
        }
        let count = new.count { $0 == 0x0A }
        guard lines < Self.lines, bytes < Self.bytes else {
            droppedLines += count
            droppedBytes += new.count
            return (false, note)
        }
        lines += count
        bytes += new.count
        return (true, note)
    }

    /// A line about what was dropped since the last one.
    mutating func end() -> String? {
        guard droppedBytes > 0 else { return nil }
        defer { (droppedLines, droppedBytes) = (0, 0) }
        return "\nmoby: dropped \(droppedLines) lines (\(droppedBytes) bytes): more than \(Self.text)\n"
    }
}

/// Reports once that logs cannot be written, and once that they can again.
final class LogTrouble {
    private let console: GuestConsole
    /// The logs that cannot be written.
    private var paths: Set<String> = []

    init(console: GuestConsole) { self.console = console }

    func note(_ error: SystemError?, _ path: String) {
        if let error {
            if paths.isEmpty { console.report("\(error); what services write is lost") }
            paths.insert(path)
        } else if paths.remove(path) != nil, paths.isEmpty {
            console.report("logs are written again")
        }
    }
}
