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
    public var usb = false
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

/// How the guest is connected.
public enum Networking: Hashable, Sendable {
    /// QEMU's own small router: outgoing connections, and published ports.
    case user
    /// A tap interface that exists already.
    case tap(interface: String)
    /// A bridge, joined through QEMU's bridge helper.
    case bridge(String)
    case none

    /// Reads `user`, `default`, `none`, `tap,INTERFACE` or `bridge,BRIDGE`.
    /// - Throws: ``RunError`` that quotes the text.
    public init(parsing text: String) throws {
        let parts = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count == 2 ? parts[1] : nil) {
        case ("user", nil), ("default", nil), ("", nil): self = .user
        case ("none", nil): self = .none
        case ("tap", let name?) where Networking.isInterface(name): self = .tap(interface: name)
        case ("bridge", let name?) where Networking.isInterface(name): self = .bridge(name)
        default:
            throw RunError(
                "--networking: '\(text)' is unknown", hint: "one of user, tap,INTERFACE, bridge,BRIDGE, none")
        }
    }

    /// IFNAMSIZ is 16 with the closing zero; a comma would start another option of QEMU's.
    private static func isInterface(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count < 16 && !name.contains(",") && !name.contains("/")
    }
}

/// A port of the guest made reachable on the host: `[ADDRESS:]HOST:GUEST[/tcp|udp]`.
public struct PublishedPort: Hashable, Sendable, CustomStringConvertible {
    public enum Transport: String, Sendable { case tcp, udp }

    /// The IPv4 address on the host; loopback unless another is asked for, since a machine under test often has no
    /// password.
    public var address: String
    public var host: UInt16
    public var guest: UInt16
    public var transport: Transport

    public init(address: String = "127.0.0.1", host: UInt16, guest: UInt16, transport: Transport = .tcp) {
        self.address = address
        self.host = host
        self.guest = guest
        self.transport = transport
    }

    /// - Throws: ``RunError`` that quotes the text, with a hint on the form.
    public init(parsing text: String) throws {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count <= 2, let transport = Transport(rawValue: halves.count == 2 ? String(halves[1]) : "tcp")
        else {
            throw PublishedPort.bad(text, "the protocol is 'tcp' or 'udp'")
        }
        if text.hasPrefix("[") {
            throw PublishedPort.bad(text, "QEMU's user network forwards from IPv4 addresses only")
        }
        var parts = halves[0].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let address = parts.count == 3 ? parts.removeFirst() : "127.0.0.1"
        guard parts.count == 2 else { throw PublishedPort.bad(text, "two port numbers are expected") }
        guard PublishedPort.isAddress(address) else {
            throw PublishedPort.bad(text, "'\(address)' is not an IPv4 address")
        }
        guard let host = UInt16(parts[0]), host > 0, let guest = UInt16(parts[1]), guest > 0 else {
            throw PublishedPort.bad(text, "a port is a number from 1 to 65535")
        }
        self.init(address: address, host: host, guest: guest, transport: transport)
    }

    public var description: String { "\(address):\(host):\(guest)/\(transport.rawValue)" }

    /// QEMU's form for user networking.
    var forward: String { "hostfwd=\(transport.rawValue):\(address):\(host)-:\(guest)" }

    private static func isAddress(_ text: String) -> Bool {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers.allSatisfy { UInt8($0) != nil }
    }

    private static func bad(_ text: String, _ why: String) -> RunError {
        RunError(
            "--publish: '\(text)': \(why)", hint: "write HOST:GUEST, such as 8080:80, 5353:53/udp or 0.0.0.0:8080:80")
    }
}

/// Limits of time as they are written on the command line.
public enum TimeLimit {
    /// Reads `300`, `300s`, `5m` or `2h`.
    /// - Throws: ``RunError`` that names `option`.
    public static func parse(_ text: String, option: String) throws -> Duration {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
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
