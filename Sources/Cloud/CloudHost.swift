internal import CLinux
internal import Dispatch
internal import Glibc
public import Progress
internal import Synchronization

/// What a run in a cloud needs of this machine.
public struct CloudHost: Sendable {
    /// Takes lines for the user: steps and choices.
    public var log: @Sendable (String) -> Void
    /// Takes what the machine writes to its serial port.
    public var console: @Sendable (String) -> Void
    /// Where uploads are reported.
    public var progress: Reporter
    /// Waits between two polls.
    package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    public init(
        log: @escaping @Sendable (String) -> Void, console: @escaping @Sendable (String) -> Void,
        progress: Reporter = .silent
    ) {
        self.log = log
        self.console = console
        self.progress = progress
    }
}

/// Ctrl-C for work that has to clean up: at a terminal the first one only asks; the next one cancels the work, which
/// cleans up. Other signals (TERM, HUP, QUIT) cancel at once.
public enum Interruption {
    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    /// - Parameters:
    ///   - log: takes lines for the user.
    ///   - leaving: the resources left behind when the user does not wait for the cleanup either.
    public static func guarding<Value: Sendable>(
        log: @escaping @Sendable (String) -> Void, leaving: @escaping @Sendable () -> [String],
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await work() }
        let count = Mutex(isatty(STDIN_FILENO) == 1 ? 0 : 1)
        let queue = DispatchQueue(label: "moby.interruption")
        let sources = signals.map { number in
            var old = sigaction()
            sigaction(number, nil, &old)
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                switch number == SIGINT ? count.next() : 2 {
                case 1: log("press Ctrl-C again to stop and remove what was created")
                case 2: task.cancel()
                case 3: log("cleaning up; press Ctrl-C again to leave everything as it is")
                default: leave(leaving(), log)
                }
            }
            source.resume()
            return (source, number, old)
        }
        defer {
            for (source, number, old) in sources {
                source.cancel()
                var old = old
                sigaction(number, &old, nil)
            }
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private static func leave(_ names: [String], _ log: (String) -> Void) -> Never {
        let text = names.isEmpty ? "nothing is left behind" : "possibly left behind: \(names.joined(separator: ", "))"
        log("interrupted; \(text)")
        // Progress on the terminal ends here.
        moby_erase_drawn()
        _exit(130)
    }
}

extension Mutex<Int> {
    fileprivate func next() -> Int {
        withLock {
            $0 += 1
            return $0
        }
    }
}
