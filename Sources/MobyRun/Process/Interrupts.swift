internal import Dispatch
internal import Glibc
internal import Synchronization

/// Ctrl-C for work that has to tidy up: it asks once, then the work is cancelled and tidies up. Asked to end otherwise
/// (TERM, HUP), it does not ask.
enum Interrupts {
    /// - Parameters:
    ///   - say: takes lines for the user.
    ///   - leaving: what would be left behind when even the tidying up is not waited for.
    static func guarding<Value: Sendable>(
        asking: Bool = isatty(STDIN_FILENO) == 1, say: @escaping @Sendable (String) -> Void,
        leaving: @escaping @Sendable () -> [String],
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await work() }
        let count = Mutex(asking ? 0 : 1)
        let queue = DispatchQueue(label: "moby.interrupts")
        let sources = SignalForwarding.signals.map { number in
            var old = sigaction()
            sigaction(number, nil, &old)
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                switch number == SIGINT
                    ? count.withLock({
                        $0 += 1; return $0
                    }) : 2
                {
                case 1: say("Ctrl-C again stops this and removes what it has made")
                case 2: task.cancel()
                case 3: say("tidying up; Ctrl-C again leaves everything as it is")
                default:
                    let things = leaving()
                    say(
                        things.isEmpty
                            ? "stopped; nothing is left behind"
                            : "stopped; perhaps left behind: \(things.joined(separator: ", "))")
                    _exit(130)
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
}
