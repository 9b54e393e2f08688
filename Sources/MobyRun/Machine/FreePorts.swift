internal import Extents
internal import Glibc

/// Ports of this host that nothing listens on.
package enum FreePorts {
    /// Takes free ports of 127.0.0.1 for ports of a guest. Until QEMU listens on them, another program may take one.
    /// - Throws: ``RunError`` when there are not enough.
    package static func publish(_ guestPorts: [UInt16]) throws -> [PublishedPort] {
        // All are held until the last is found, so that they differ.
        var sockets: [Int32] = []
        defer { sockets.forEach { close($0) } }
        return try guestPorts.map { guest in
            let (handle, port) = try hold()
            sockets.append(handle)
            return PublishedPort(host: port, guest: guest)
        }
    }

    private static func hold() throws -> (handle: Int32, port: UInt16) {
        let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(handle, $0, length) == 0 && getsockname(handle, $0, &length) == 0
            }
        }
        guard handle >= 0, isBound else {
            let why = FileError.text().lowercased()
            if handle >= 0 { close(handle) }
            throw RunError("no free port on 127.0.0.1: \(why)")
        }
        return (handle, UInt16(bigEndian: address.sin_port))
    }
}
