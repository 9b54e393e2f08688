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
