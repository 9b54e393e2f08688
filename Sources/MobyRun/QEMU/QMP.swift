internal import Glibc

/// QEMU's control protocol (docs/interop/qmp-spec.txt) over one end of a socket pair; QEMU inherits the other.
final class QMP: Sendable {
    /// The number of the socket in QEMU.
    static let number: Int32 = 3

    private let handle: Int32
    /// The end for QEMU; closed here once QEMU runs.
    let guestEnd: Int32

    /// - Throws: ``RunError`` when no sockets are to be had.
    init() throws {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw RunError("no socket pair for QEMU: \(String(cString: strerror(errno)).lowercased())")
        }
        handle = ends[0]
        guestEnd = ends[1]
    }

    deinit { close(handle) }

    func started() { close(guestEnd) }

    /// Presses the power button; the guest's PID 1 decides what comes of it.
    func powerDown() -> Bool { execute("system_powerdown") }

    /// Presses it until the machine has ended: one that is still starting may not listen yet.
    /// - Returns: whether it ended within the limit.
    func powerDown(_ machine: ChildProcess, within limit: Duration) -> Bool {
        let end = ContinuousClock.now + limit
        while powerDown(), ContinuousClock.now < end {
            if machine.wait(within: .seconds(3)) != nil { return true }
        }
        return machine.poll() != nil
    }

    /// Ends QEMU at once, with disks flushed.
    func quit() -> Bool { execute("quit") }

    /// Sends one command without arguments; answers and events are read away.
    private func execute(_ command: String) -> Bool {
        var waste = [UInt8](repeating: 0, count: 65536)
        while recv(handle, &waste, waste.count, Int32(MSG_DONTWAIT)) > 0 {}
        let text = Array("{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"\(command)\"}\n".utf8)
        return send(handle, text, text.count, Int32(MSG_NOSIGNAL)) == text.count
    }
}
