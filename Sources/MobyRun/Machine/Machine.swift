internal import Extents
public import MachineModel

/// A machine to start, parsed. The names are those of the options of `moby run qemu`.
public struct Machine: Sendable, Equatable {
    /// Number of virtual processors; `nil` takes two when the host has them: services start in parallel.
    public var cpus: Int?
    /// Memory in MiB; `nil` takes what the build's summary asks for, and 1024 at least.
    public var memory: Int?
    public var disks: [Disk] = []
    /// Whether disk images may name other files of this host, such as backing files.
    public var allowsExternalFiles = false
    public var ports: [PublishedPort] = []
    public var networking: Networking = .user
    public var accelerator: Accelerator.Choice = .automatic
    /// `nil` takes the platform that the build was for, else this host's.
    public var architecture: Architecture?
    public var gui = false
    /// Runs in the background; the console goes to a file in the state folder.
    public var detached = false
    /// The name under which other commands find it; nil takes that of the image.
    public var name: String?
    /// Whether PID 1 is reached through the agent's ports, and is asked to listen if the command line is ours.
    public var agent = false
    public var usb = false
    /// A TPM 2.0 in software, which keeps its state in the state folder.
    public var hasTPM = false
    /// Values for QEMU's `-device`.
    public var devices: [String] = []
    /// Folders of the host offered by virtiofs, with the tags `virtiofs0`, `virtiofs1`, …
    public var sharedFolders: [String] = []
    /// User data for the guest.
    public var data: UserData?
    /// Firmware for UEFI.
    public var firmware: String?
    /// The folder for disks, data and addresses; `nil` is `<prefix>-state`.
    public var state: String?
    /// The QEMU to start; `nil` searches the path for `qemu-system-<architecture>`.
    public var qemu: String?
    public var virtiofsd: String?
    /// Handed to QEMU as they are, after all others.
    public var extraArguments: [String] = []

    public init() {}

    /// The architecture once it is decided.
    var guest: Architecture { architecture ?? .host }

    /// LinuxKit's default, in MiB.
    public static let defaultMemory = 1024

    /// Data that the guest finds as the file `config` on an ISO.
    public enum UserData: Sendable, Equatable {
        case text(String)
        case file(String)
    }
}

/// Limits of time as they are written on the command line.
public enum TimeLimit {
    /// Reads `300`, `300s`, `5m` or `2h`.
    /// - Throws: ``RunError`` that names `option`.
    public static func parse(_ text: String, option: String) throws -> Duration {
        let digits = text.prefix(while: \.isASCIIDigit)
        let units = ["": 1, "s": 1, "m": 60, "h": 3600]
        guard let number = Int64(digits), let unit = units[String(text.dropFirst(digits.count))],
            (1...1_000_000_000).contains(number)
        else {
            throw RunError(
                "\(option): '\(PlainText.short(text))' is not a time",
                hint: "write a number of seconds, or a number with m or h, such as 300 or 5m")
        }
        return .seconds(number * Int64(unit))
    }
}
