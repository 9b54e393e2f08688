internal import CInit

/// A moment by which something must be done.
struct Deadline: Sendable {
    /// Milliseconds since the machine started.
    let moment: Int64

    init(milliseconds: Int64) { moment = cinit_uptime() + milliseconds }

    /// Milliseconds that are left, for poll(2); 0 when it has passed.
    var left: Int32 { Int32(clamping: max(moment - cinit_uptime(), 0)) }

    var hasPassed: Bool { left == 0 }
}
