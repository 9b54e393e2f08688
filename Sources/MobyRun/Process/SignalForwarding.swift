internal import Glibc
internal import Synchronization

/// Hands the signals that ask this program to end on to the machine, and lets it end first.
package struct SignalForwarding {
    static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    private let previous: [(Int32, sigaction)]

    /// Takes the signals; they are kept until there is a machine to hand them to.
    static func start() -> SignalForwarding {
        receiver.store(0, ordering: .sequentiallyConsistent)
        pending.store(0, ordering: .sequentiallyConsistent)
        received.store(0, ordering: .sequentiallyConsistent)
        var previous: [(Int32, sigaction)] = []
        for signal in signals {
            var old = sigaction()
            var new = sigaction()
            new.__sigaction_handler.sa_handler = { number in
                received.store(number, ordering: .sequentiallyConsistent)
                pending.store(number == SIGQUIT ? SIGTERM : number, ordering: .sequentiallyConsistent)
                handOn()
            }
            new.sa_flags = SA_RESTART
            sigaction(signal, &new, &old)
            previous.append((signal, old))
        }
        // Who reads the console may go: the machine is looked after all the same.
        var old = sigaction()
        var ignore = sigaction()
        ignore.__sigaction_handler.sa_handler = SIG_IGN
        sigaction(SIGPIPE, &ignore, &old)
        previous.append((SIGPIPE, old))
        return SignalForwarding(previous: previous)
    }

    /// The exit status of a machine that ended with `status`: one that was asked to end by a signal did not end by
    /// itself, though QEMU says 0.
    package func status(of status: Int32) -> Int32 {
        let number = received.load(ordering: .sequentiallyConsistent)
        return status == 0 && number > 0 ? 128 + number : status
    }

    func forward(to process: pid_t) {
        receiver.store(process, ordering: .sequentiallyConsistent)
        handOn()
    }

    /// Gives the signals their former meaning.
    package func stop() {
        receiver.store(0, ordering: .sequentiallyConsistent)
        for (signal, action) in previous {
            var action = action
            sigaction(signal, &action, nil)
        }
    }
}

// A signal handler sees nothing but globals.
private let receiver = Atomic<Int32>(0)
private let pending = Atomic<Int32>(0)
private let received = Atomic<Int32>(0)

private func handOn() {
    let process = receiver.load(ordering: .sequentiallyConsistent)
    guard process > 0 else { return }
    let signal = pending.exchange(0, ordering: .sequentiallyConsistent)
    if signal > 0 { kill(process, signal) }
}

/// The terminal's settings, kept while it is in raw mode: a QEMU that is killed leaves it so.
package struct TerminalSettings {
    private let handle: Int32
    private let settings: termios

    /// The settings of a descriptor, when that is a terminal.
    package static func save(_ handle: Int32 = STDIN_FILENO) -> TerminalSettings? {
        var settings = termios()
        guard isatty(handle) == 1, tcgetattr(handle, &settings) == 0 else { return nil }
        return TerminalSettings(handle: handle, settings: settings)
    }

    /// Every key goes to the program, as it is typed.
    package func makeRaw() {
        var raw = settings
        cfmakeraw(&raw)
        tcsetattr(handle, TCSADRAIN, &raw)
    }

    package func restore() {
        var settings = settings
        tcsetattr(handle, TCSADRAIN, &settings)
        // QEMU may also have left the description non-blocking.
        let flags = fcntl(handle, F_GETFL)
        if flags >= 0 { _ = fcntl(handle, F_SETFL, flags & ~O_NONBLOCK) }
    }
}
