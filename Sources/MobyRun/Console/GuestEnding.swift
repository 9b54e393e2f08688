internal import Extents

/// Why a guest ended, as its console says: PID 1's last line, or the kernel's panic.
enum GuestEnding: Equatable, Sendable {
    case clean
    /// An onboot container failed, and its `onfailure` ends the machine.
    case onboot(String)
    /// A service failed, and its `onfailure` ends the machine.
    case service(String)
    /// The initrd was cut short, or the disk of the root is missing.
    case incompleteRoot
    /// The kernel's reason.
    case panic(String)
    /// A reason that this version does not know.
    case other(String)

    /// What `moby run` ends with.
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
    var reason: String? {
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
