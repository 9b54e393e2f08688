internal import Glibc

/// A client of a server at an IPv4 address, with a connection per request. No names, no TLS: metadata servers use
/// neither.
struct HTTPClient: Sendable {
    /// The address's four bytes.
    var address: (UInt8, UInt8, UInt8, UInt8)
    var port: UInt16 = 80
    /// Headers of every request, `Host` among them.
    var headers: [(name: String, value: String)]

    func get(_ path: String, until deadline: ProviderDeadline) throws(MetadataError) -> HTTPAnswer {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard file >= 0 else { throw MetadataError("creating", "socket") }
        defer { close(file) }
        try connect(file, until: deadline)
        var head = "GET \(path) HTTP/1.1\r\n"
        for header in headers { head += "\(header.name): \(header.value)\r\n" }
        try send(Array("\(head)Connection: close\r\n\r\n".utf8), to: file, until: deadline)
        return try receive(from: file, until: deadline)
    }

    private var name: String { "\(address.0).\(address.1).\(address.2).\(address.3)" }

    private func connect(_ file: Int32, until deadline: ProviderDeadline) throws(MetadataError) {
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        let bytes = [address.0, address.1, address.2, address.3]
        target.sin_addr.s_addr = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }.bigEndian
        let result = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result == 0 { return }
        guard errno == EINPROGRESS else { throw MetadataError("connecting to", name) }
        try wait(for: POLLOUT, of: file, until: deadline)
        var (number, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        guard getsockopt(file, SOL_SOCKET, SO_ERROR, &number, &size) == 0 else {
            throw MetadataError("connecting to", name)
        }
        guard number == 0 else { throw MetadataError("connecting to", name, number: number) }
    }

    private func wait(for event: Int32, of file: Int32, until deadline: ProviderDeadline) throws(MetadataError) {
        while true {
            var poll = pollfd(fd: file, events: Int16(event), revents: 0)
            let count = Glibc.poll(&poll, 1, deadline.left)
            if count > 0 { return }
            if count < 0, errno == EINTR { continue }
            guard count == 0 else { throw MetadataError("waiting for", name) }
            throw MetadataError("no answer from \(name)")
        }
    }

    private func send(_ bytes: [UInt8], to file: Int32, until deadline: ProviderDeadline) throws(MetadataError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: POLLOUT, of: file, until: deadline)
            let count = rest.withUnsafeBytes { Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { throw MetadataError("sending to", name) }
            rest = rest.dropFirst(count)
        }
    }

    private func receive(from file: Int32, until deadline: ProviderDeadline) throws(MetadataError) -> HTTPAnswer {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            try wait(for: POLLIN, of: file, until: deadline)
            let count = recv(file, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count >= 0 else { throw MetadataError("receiving from", name) }
            bytes += buffer[..<count]
            if let answer = try HTTPAnswer.read(bytes, isEnd: count == 0) { return answer }
            guard bytes.count <= Finding.longest + HTTPAnswer.longestHead else {
                throw MetadataError("answer of \(name) exceeds \(Finding.longest) bytes")
            }
        }
    }
}
