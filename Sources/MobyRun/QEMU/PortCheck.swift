internal import Extents
internal import Glibc

/// Finds out whether ports of the host are free, by binding them for a moment.
enum PortCheck {
    /// - Throws: ``RunError`` for the first port that is in use, given twice, or not allowed.
    static func check(_ ports: [PublishedPort]) throws {
        var seen: Set<String> = []
        for port in ports {
            guard seen.insert("\(port.host)/\(port.transport.rawValue)").inserted else {
                throw RunError("--publish: port \(port.host)/\(port.transport.rawValue) of the host is published twice")
            }
        }
        for port in ports { try check(port) }
    }

    private static func check(_ port: PublishedPort) throws {
        let kind = Int32(port.transport == .tcp ? SOCK_STREAM.rawValue : SOCK_DGRAM.rawValue)
        let handle = socket(AF_INET, kind, 0)
        guard handle >= 0 else {
            throw RunError(
                "creating a socket to check port \(port.host): \(FileError.text().lowercased())")
        }
        defer { close(handle) }
        // As QEMU does: a connection in TIME_WAIT does not block the port.
        var yes: Int32 = 1
        if port.transport == .tcp {
            setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        }
        guard bindOnce(handle, port) != 0 else { return }
        let name = "port \(port.host)/\(port.transport.rawValue) on \(port.address)"
        switch errno {
        case EADDRINUSE:
            throw RunError(
                "\(name) is already in use",
                hint: "another machine may still be running; use another port: --publish \(other(port)):\(port.guest)")
        case EACCES:
            throw RunError(
                "\(name) requires root", hint: "use a port above 1023: --publish \(other(port)):\(port.guest)")
        case let code: throw RunError("\(name) cannot be used: \(FileError.text(of: code))")
        }
    }

    /// bind(2), and for TCP listen(2), which is where two listeners with SO_REUSEADDR collide.
    private static func bindOnce(_ handle: Int32, _ port: PublishedPort) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.host.bigEndian
        inet_pton(AF_INET, port.address, &address.sin_addr)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return bound != 0 || port.transport == .udp ? bound : listen(handle, 1)
    }

    private static func other(_ port: PublishedPort) -> UInt16 {
        port.host < 1024 ? port.host + 8000 : port.host < UInt16.max ? port.host + 1 : port.host - 1
    }
}
