internal import Glibc

/// The terminal's settings, kept while QEMU has it in raw mode: a QEMU that is killed leaves it so.
struct Terminal {
    private let handle: Int32
    private let settings: termios

    /// The settings of a descriptor, when that is a terminal.
    static func save(_ handle: Int32 = STDIN_FILENO) -> Terminal? {
        var settings = termios()
        guard isatty(handle) == 1, tcgetattr(handle, &settings) == 0 else { return nil }
        return Terminal(handle: handle, settings: settings)
    }

    func restore() {
        var settings = settings
        tcsetattr(handle, TCSADRAIN, &settings)
        // QEMU may also have left the description non-blocking.
        let flags = fcntl(handle, F_GETFL)
        if flags >= 0 { _ = fcntl(handle, F_SETFL, flags & ~O_NONBLOCK) }
    }
}
