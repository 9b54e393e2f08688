internal import CInit
internal import Glibc
internal import GuestSystem

/// An IPv4 or IPv6 address of a server. Metadata servers are found without name servers.
struct NetworkAddress: Sendable, Equatable, CustomStringConvertible {
    /// As it was written.
    let description: String
    /// Four or sixteen.
    private let bytes: [UInt8]
    /// Index of the interface of a link-local IPv6 address, else 0.
    private let scope: UInt32

    /// - Parameter text: such as `169.254.169.254` or `fd00:ec2::254`.
    /// - Parameter scope: index of the interface that a link-local IPv6 address is used on.
    init?(_ text: String, scope: UInt32 = 0) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            bytes.removeLast(12)
        } else if inet_pton(AF_INET6, text, &bytes) != 1 {
            return nil
        }
        (description, self.bytes, self.scope) = (text, bytes, scope)
    }

    /// The addresses among `texts`.
    static func list(_ texts: String...) -> [NetworkAddress] { texts.compactMap { NetworkAddress($0) } }

    /// A link-local IPv6 address on each network interface except loopback.
    static func onLinks(_ text: String, interfaces: String = "/sys/class/net") -> [NetworkAddress] {
        Files.names(in: interfaces).compactMap { name in
            let index = cinit_interface_index(name)
            return name != "lo" && index > 0 ? NetworkAddress(text, scope: UInt32(index)) : nil
        }
    }

    var family: Int32 { bytes.count == 4 ? AF_INET : AF_INET6 }

    /// Starts to connect a socket that does not block.
    /// - Returns: the result of connect(2).
    func connect(_ file: Int32, port: UInt16) -> Int32 {
        withSocketAddress(port: port) { Glibc.connect(file, $0, $1) }
    }

    private func withSocketAddress(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        if bytes.count == 4 {
            var target = sockaddr_in()
            target.sin_family = sa_family_t(AF_INET)
            target.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &target.sin_addr) { $0.copyBytes(from: bytes) }
            return Self.rebound(&target, body)
        }
        var target = sockaddr_in6()
        target.sin6_family = sa_family_t(AF_INET6)
        target.sin6_port = port.bigEndian
        target.sin6_scope_id = scope
        withUnsafeMutableBytes(of: &target.sin6_addr) { $0.copyBytes(from: bytes) }
        return Self.rebound(&target, body)
    }

    private static func rebound<Address>(
        _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }

    /// Gives a socket of this address's family a source port below 1024: some servers give secrets to root alone.
    func bindPrivileged(_ file: Int32) throws(MetadataError) {
        let any = bytes.count == 4 ? "0.0.0.0" : "::"
        for port in stride(from: UInt16(1023), through: 512, by: -1) {
            guard let source = NetworkAddress(any) else { return }
            if source.withSocketAddress(port: port, { bind(file, $0, $1) }) == 0 { return }
            guard errno == EADDRINUSE else { throw MetadataError("binding a port below 1024 for", description) }
        }
        throw MetadataError("no port below 1024 is free for '\(description)'")
    }
}
