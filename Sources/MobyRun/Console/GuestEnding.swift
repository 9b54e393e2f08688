internal import Extents

/// Exit codes of `moby run qemu`; docs/running.md lists all.
enum ExitStatus {
    /// The guest powered off without an error.
    static let clean: Int32 = 0
    /// The machine could not be started, QEMU failed, or a readiness check cannot become true any more.
    static let failure: Int32 = 1
    /// An onboot container failed and ended the machine.
    static let onbootFailed: Int32 = 3
    /// A service failed and ended the machine.
    static let serviceFailed: Int32 = 4
    /// The kernel panicked.
    static let panic: Int32 = 5
    /// The initrd was truncated, or the root's disk was missing.
    static let rootIncomplete: Int32 = 6
    /// As in timeout(1).
    static let timedOut: Int32 = 124
}

/// Why a guest ended, from its console: PID 1's last line, or the kernel's panic.
package enum GuestEnding: Equatable, Sendable {
    case clean
    /// An onboot container failed, and its `onfailure` ends the machine.
    case onboot(String)
    /// A service failed, and its `onfailure` ends the machine.
    case service(String)
    /// The initrd was truncated, or the root's disk is missing.
    case incompleteRoot
    /// The kernel's reason.
    case panic(String)
    /// A reason that this version does not know.
    case other(String)

    /// The exit code of `moby run`.
    var status: Int32 {
        switch self {
        case .clean: ExitStatus.clean
        case .onboot: ExitStatus.onbootFailed
        case .service: ExitStatus.serviceFailed
        case .incompleteRoot: ExitStatus.rootIncomplete
        case .panic: ExitStatus.panic
        case .other: ExitStatus.failure
        }
    }

    /// For the user, one line; nil when there is nothing to say.
    package var reason: String? {
        switch self {
        case .clean: nil
        case .onboot(let name): "the onboot container '\(PlainText.short(name))' failed and ended the machine"
        case .service(let name): "the service '\(PlainText.short(name))' failed and ended the machine"
        case .incompleteRoot: "the root is incomplete"
        case .panic(let why): "the kernel panicked" + (why.isEmpty ? "" : ": \(PlainText.short(why))")
        case .other(let why): "the machine ended itself: \(PlainText.short(why))"
        }
    }
}
