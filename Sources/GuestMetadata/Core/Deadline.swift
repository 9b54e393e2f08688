internal import CInit
internal import Synchronization

/// How long somebody may keep silent. Each answer gives them the same time again.
final class Deadline: Sendable {
    private let patience: Int64
    /// Milliseconds since the machine started.
    private let moment: Mutex<Int64>

    init(milliseconds: Int64) {
        patience = milliseconds
        moment = Mutex(cinit_uptime() + milliseconds)
    }

    /// Something was heard.
    func renew() { moment.withLock { $0 = cinit_uptime() + patience } }

    /// Milliseconds that are left, for poll(2); 0 when it has passed.
    var left: Int32 { Int32(clamping: max(moment.withLock { $0 } - cinit_uptime(), 0)) }

    var hasPassed: Bool { left == 0 }
}
