internal import CLinux
internal import Dispatch
internal import Extents
internal import Glibc
internal import Synchronization

/// Follows the console of a machine: a copy while it has the terminal, else its file.
final class ConsoleWatch: Sendable {
    /// The number of the pipe in QEMU.
    static let number: Int32 = 4
    /// QEMU's arguments for it: the character device of the console has a log, and the log is the pipe. Appending,
    /// since a pipe cannot be truncated.
    static let arguments = [
        "-add-fd", "fd=\(number),set=1", "-set", "chardev.console.logfile=/dev/fdset/1", "-set",
        "chardev.console.logappend=on",
    ]

    /// The end for QEMU; closed here once QEMU runs.
    let guestEnd: Int32
    private let state = Mutex(ConsoleState())
    private let found = Mutex<[String: Result<String, PatternTimeout>]>([:])
    private let woken = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameter patterns: regular expressions to look for, line by line.
    /// - Throws: ``RunError`` when a pipe or thread cannot be created.
    init(patterns: [String] = []) throws {
        var ends: [Int32] = [-1, -1]
        guard moby_pipe(&ends) == 0 else {
            throw RunError("creating a pipe for the console: \(FileError.text().lowercased())")
        }
        let source = ends[0]
        guestEnd = ends[1]
        guard OwnThread.start({ self.follow(source, patterns) { true } }) else {
            close(source)
            close(guestEnd)
            throw RunError("starting the thread that reads the console")
        }
    }

    /// Follows the file with the console of a machine in the background.
    /// - Parameter isEnded: whether nothing is written any more.
    /// - Throws: `FileError`, ``RunError`` when the thread cannot be created.
    init(file: String, patterns: [String], isEnded: @escaping @Sendable () -> Bool) throws {
        guestEnd = -1
        let source = open(file, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw FileError("open", file) }
        guard OwnThread.start({ self.follow(source, patterns, isEnded) }) else {
            close(source)
            throw RunError("starting the thread that reads the console")
        }
    }

    func started() { close(guestEnd) }

    /// What it has shown so far.
    var now: ConsoleState { state.withLock { $0 } }

    /// The line in which a pattern was seen.
    /// - Throws: ``PatternTimeout``.
    func line(matching pattern: String) throws -> String? { try found.withLock { try $0[pattern]?.get() } }

    /// Waits, at most until ``wake()``.
    func wait(_ limit: DispatchTimeInterval) { _ = woken.wait(timeout: .now() + limit) }

    /// Ends a wait.
    func wake() { woken.signal() }

    /// Waits for the last output of a machine that has ended; it is in the pipe.
    func waitForEnd() { _ = ended.wait(timeout: .now() + .seconds(5)) }

    /// - Parameter isEnded: whether the end of the source is final, for now; asked before it is read.
    private func follow(_ source: Int32, _ patterns: [String], _ isEnded: () -> Bool) {
        var splitter = LineSplitter()
        var wanted = patterns
        func match(_ lines: [String]) {
            wanted.removeAll { pattern in
                do {
                    guard let line = try PatternSearch(pattern).first(in: lines) else { return false }
                    found.withLock { $0[pattern] = .success(line) }
                } catch let error as PatternTimeout {
                    found.withLock { $0[pattern] = .failure(error) }
                } catch { return false }
                return true
            }
        }
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let isFinal = isEnded()
            let count = read(source, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count == 0, !isFinal {
                usleep(50_000)
                continue
            }
            guard count > 0 else { break }
            let time = ContinuousClock.now
            var lines: [String] = []
            splitter.take(buffer[..<count]) { lines.append(LineSplitter.plain($0)) }
            let open = LineSplitter.plain(splitter.open)
            state.withLock { state in
                for line in lines { state.take(line: line, at: time) }
                state.take(open: open, at: time)
            }
            match(open.isEmpty ? lines : lines + [open])
        }
        close(source)
        ended.signal()
    }
}
