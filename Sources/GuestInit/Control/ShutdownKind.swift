internal import BootLayout
internal import Glibc

/// How a machine ends.
enum ShutdownKind: String, Equatable {
    case poweroff, reboot, halt

    /// What a signal to PID 1 asks for, as busybox's and System V's programs send them.
    init?(signal: Int32) {
        switch signal {
        case SIGUSR1: self = .halt
        case SIGUSR2: self = .poweroff
        case SIGTERM, SIGINT: self = .reboot
        case SIGPWR: self = .poweroff
        default: return nil
        }
    }

    /// The signal that asks PID 1 for this.
    var signal: Int32 {
        switch self {
        case .poweroff: SIGUSR2
        case .reboot: SIGTERM
        case .halt: SIGUSR1
        }
    }

    var title: String {
        switch self {
        case .poweroff: "powering off"
        case .reboot: "rebooting"
        case .halt: "halting"
        }
    }

    /// The word of the kernel shim.
    var code: CChar {
        switch self {
        case .poweroff: CChar(UInt8(ascii: "p"))
        case .reboot: CChar(UInt8(ascii: "r"))
        case .halt: CChar(UInt8(ascii: "h"))
        }
    }
}

extension RuntimeRecord.OnFailure {
    /// What becomes of the machine; nil when it goes on.
    var shutdown: ShutdownKind? {
        switch self {
        case .continue: nil
        case .poweroff: .poweroff
        case .reboot: .reboot
        }
    }
}
