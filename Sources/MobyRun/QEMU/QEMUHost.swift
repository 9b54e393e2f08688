internal import Extents
internal import MachineModel

/// What the plan of a machine needs to know about the host; gathered by ``QEMU/plan()``, written by hand in tests.
public struct QEMUHost: Sendable, Equatable {
    public var qemu: String
    public var accelerator: Accelerator
    /// Firmware for UEFI, when the machine needs it.
    public var firmware: Firmware?
    /// The state folder; nothing is written into it unless something needs it.
    public var state: String
    /// The guest's address on a network that others are on too.
    public var macAddress: String?
    /// Where the machine is reached while it runs; nil for one that is not registered.
    var sockets: MachineSockets?
    /// Virtual processors for a machine that names no number.
    public var processors = 1
    /// Memory in MiB for a machine that names none.
    public var memory: Int = Machine.defaultMemory
    public var virtiofsd: String?
    /// The TPM in software, when the machine has one.
    public var swtpm: String?
    /// The bytes of the user data.
    public var data: [UInt8]?

    public enum Firmware: Sendable, Equatable {
        /// Code and variables in one file, not written to.
        case single(String)
        /// Code that is not written to, and the template of a variable store.
        case split(code: String, variables: String)

        /// The first that this host has.
        /// - Throws: `FileError`.
        init?(installed uefi: Architecture.UEFI) throws {
            let pair = try uefi.splitFirmware.first {
                try HostFiles.exists($0.code) && HostFiles.exists($0.variables)
            }
            if let pair {
                self = .split(code: pair.code, variables: pair.variables)
            } else if let file = try uefi.wholeFirmware.first(where: { try HostFiles.exists($0) }) {
                self = .single(file)
            } else {
                return nil
            }
        }
    }
}

/// Where the guest's first serial port goes.
public enum Console: Sendable, Equatable {
    /// The terminal, with QEMU's monitor on Ctrl-A c; Ctrl-C goes to the guest.
    case terminal
    /// Standard input and output without a monitor, for programs.
    case stream
    /// A file; QEMU goes to the background.
    case file(String)
}
