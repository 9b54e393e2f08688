internal import Dispatch
internal import Extents
internal import Glibc
internal import MobyRun
internal import Synchronization

/// A program that runs during a test: its output can be read, keys typed and signals sent. It ends with
/// this value.
public final class RunningProgram: Sendable {
    private let child: ChildProcess
    private let words = Mutex<[UInt8]>([])
    /// What is typed goes here.
    private let input: Int32

    /// Starts a program.
    /// - Parameters:
    ///   - onTerminal: standard streams are a terminal of its own, which controls it: Ctrl-C typed there is a signal.
    ///     Otherwise both outputs
    ///     go into one pipe, and there is no input.
    ///   - folder: where it runs.
    ///   - environment: variables in addition to those of this process.
    public init(
        _ program: String, _ arguments: [String], onTerminal: Bool = false, folder: String,
        environment: [String: String] = [:]
    ) throws {
        var command = ["-C", folder] + environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        if onTerminal { command += ["setsid", "--ctty"] }
        let ends = try onTerminal ? Self.terminal() : Self.pipe()
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer {
            close(ends.theirs)
            close(nothing)
        }
        input = ends.own
        child = try ChildProcess.start(
            "/usr/bin/env", command + [program] + arguments,
            handles: [0: onTerminal ? ends.theirs : nothing, 1: ends.theirs, 2: ends.theirs])
        DispatchQueue(label: "running-program").async { [weak self, source = ends.own] in
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            while true {
                let count = read(source, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                // A terminal without a process cannot be read.
                guard count > 0, let self else { return }
                words.withLock { $0 += buffer.prefix(count) }
            }
        }
    }

    deinit {
        child.send(SIGTERM)
        if child.wait(within: .seconds(10)) == nil {
            child.send(SIGKILL)
            child.wait()
        }
        // Ends the reading as well.
        shutdown(input, Int32(SHUT_RDWR))
        close(input)
    }

    /// All that it has said so far.
    public var text: String { String(decoding: words.withLock { $0 }, as: UTF8.self) }

    public func type(_ keys: String) {
        let bytes = Array(keys.utf8)
        _ = write(input, bytes, bytes.count)
    }

    public func send(_ signal: Int32) { child.send(signal) }

    /// Waits until it has said something.
    /// - Parameter times: how often it must have said it.
    public func wait(for piece: String, times: Int = 1, within limit: Duration = .seconds(120)) throws {
        let end = ContinuousClock.now + limit
        while true {
            if text.ranges(of: piece).count >= times { return }
            guard ContinuousClock.now < end,
                child.wait(within: .milliseconds(5)) == nil || text.ranges(of: piece).count >= times
            else {
                throw Oracle.Failure(description: "it did not say '\(piece)'; it said:\n\(text)")
            }
        }
    }

    /// Waits for its end and for its last word.
    /// - Returns: exit status, or 128 and the number of the signal that ended it.
    public func waitForEnd(within limit: Duration = .seconds(120)) throws -> Int32 {
        guard let status = child.wait(within: limit) else {
            throw Oracle.Failure(description: "it did not end; it said:\n\(text)")
        }
        var before = -1
        while before < words.withLock({ $0.count }) {
            before = words.withLock { $0.count }
            usleep(50_000)
        }
        return status
    }

    private static func pipe() throws -> (own: Int32, theirs: Int32) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw FileError("open", "a pair of sockets")
        }
        return (ends[0], ends[1])
    }

    private static func terminal() throws -> (own: Int32, theirs: Int32) {
        // tty_ioctl(4): TIOCSPTLCK takes the lock off, TIOCGPTN tells the number.
        let (unlock, tell): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        var (locked, number): (Int32, UInt32) = (0, 0)
        let own = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard own >= 0, ioctl(own, unlock, &locked) == 0, ioctl(own, tell, &number) == 0 else {
            throw FileError("open", "/dev/ptmx")
        }
        let theirs = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard theirs >= 0 else { throw FileError("open", "a terminal") }
        return (own, theirs)
    }
}
