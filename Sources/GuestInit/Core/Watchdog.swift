internal import CInit
internal import Glibc
internal import GuestSystem

/// A device that restarts the machine unless it is fed (Documentation/watchdog/watchdog-api.rst). PID 1 feeds it from
/// its loop: a machine whose PID 1 or kernel hangs starts again.
final class Watchdog {
    private static let path = "/dev/watchdog"

    private let file: Int32
    private let loop: EventLoop
    private let interval: Milliseconds
    private let report: (String) -> Void

    /// Without a device of the machine, the kernel's own timer is used (`softdog`).
    /// - Parameter seconds: how long the machine may hang.
    init(seconds: Int, loop: EventLoop, loadDriver: (String) -> Bool, report: @escaping (String) -> Void)
        throws(SystemError)
    {
        if !Files.exists(Self.path) { _ = loadDriver("softdog") }
        let file = open(Self.path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("opening", Self.path) }
        // A device may have steps of its own, and then says which time it took.
        let granted = cinit_set_watchdog(file, Int32(clamping: seconds))
        guard granted > 0 else {
            close(file)
            throw SystemError("setting the time of", Self.path, number: -granted)
        }
        (self.file, self.loop, self.report) = (file, loop, report)
        interval = max(500, Milliseconds(granted) * 1000 / 3)
        feed()
    }

    private func feed() {
        do { try Files.write("1", to: file, Self.path) } catch { report("\(error)") }
        loop.after(interval) { [self] in feed() }
    }

    /// Ends the supervision: the machine is to stay as it is.
    func release() {
        // The magic character without which the device goes on when it is closed.
        do { try Files.write("V", to: file, Self.path) } catch { report("\(error)") }
        close(file)
    }
}

extension Files {
    /// Writes `text` to an open file.
    fileprivate static func write(_ text: String, to file: Int32, _ path: String) throws(SystemError) {
        try write(Array(text.utf8), to: file, path)
    }
}
