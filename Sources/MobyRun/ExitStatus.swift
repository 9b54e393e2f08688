/// What `moby run qemu` ends with; docs/running.md lists all.
enum ExitStatus {
    /// The guest powered off without a fault.
    static let clean: Int32 = 0
    /// The machine could not be started, QEMU failed, or what was awaited cannot come any more.
    static let failure: Int32 = 1
    /// An onboot container failed and ended the machine.
    static let onbootFailed: Int32 = 3
    /// A service failed and ended the machine.
    static let serviceFailed: Int32 = 4
    /// The kernel panicked.
    static let panic: Int32 = 5
    /// The initrd was cut short, or the disk of the root was missing.
    static let rootIncomplete: Int32 = 6
    /// As timeout(1) has it.
    static let timedOut: Int32 = 124
}
