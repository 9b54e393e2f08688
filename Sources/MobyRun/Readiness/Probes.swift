internal import Glibc

/// Finds out whether a program in the guest accepts connections.
struct TCPProbe: Sendable {
    let host: String
    let port: UInt16
    /// For a port that QEMU's user network forwards: QEMU accepts a connection before the guest does, and reports
    /// its state.
    let forwarder: QMP?

    /// Tries once.
    func accepts(within limit: Duration) -> Bool {
        let end = ContinuousClock.now + limit
        guard let handle = connect(until: end) else { return false }
        defer { close(handle) }
        guard let forwarder else { return true }
        repeat {
            var poll = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
            if Glibc.poll(&poll, 1, 20) > 0 {
                // A greeting, or the end: QEMU closes what the guest refuses.
                var byte: UInt8 = 0
                return recv(handle, &byte, 1, Int32(MSG_DONTWAIT)) == 1
            }
            if forwarder.userNetwork().map({ TCPProbe.isEstablished(port, in: $0) }) == true { return true }
        } while ContinuousClock.now < end
        return false
    }

    /// Reads the monitor's `info usernet`, of which a connection's row is:
    /// ```
    ///   TCP[ESTABLISHED]   18       127.0.0.1  8080       10.0.2.15    80     0     0
    /// ```
    static func isEstablished(_ port: UInt16, in text: String) -> Bool {
        text.split(whereSeparator: \.isNewline).contains { row in
            let words = row.split(whereSeparator: \.isWhitespace)
            return words.count > 4 && words[0] == "TCP[ESTABLISHED]" && words[3] == "\(port)"
        }
    }

    private func connect(until end: ContinuousClock.Instant) -> Int32? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0 else { return nil }
        defer { freeaddrinfo(found) }
        var next = found
        while let address = next {
            if let handle = connect(to: address.pointee, until: end) { return handle }
            next = address.pointee.ai_next
        }
        return nil
    }

    private func connect(to address: addrinfo, until end: ContinuousClock.Instant) -> Int32? {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let handle = socket(address.ai_family, kind, 0)
        guard handle >= 0 else { return nil }
        if Glibc.connect(handle, address.ai_addr, address.ai_addrlen) == 0 { return handle }
        if errno == EINPROGRESS {
            let left = max(0, (end - .now) / .milliseconds(1))
            var poll = pollfd(fd: handle, events: Int16(POLLOUT), revents: 0)
            var problem: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            if Glibc.poll(&poll, 1, Int32(min(left, 60_000))) == 1,
                getsockopt(handle, SOL_SOCKET, SO_ERROR, &problem, &size) == 0, problem == 0
            {
                return handle
            }
        }
        close(handle)
        return nil
    }
}
