internal import CInit
internal import Glibc
internal import GuestSystem

/// A request of HTTP/1.1 without the fields that every request to the server has.
struct MetadataRequest: Sendable {
    var method = "GET"
    var path: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// Sent from a source port below 1024.
    var isPrivileged = false
}

/// A client of a server at known addresses, with a connection per request. No names, no TLS: metadata servers use
/// neither.
struct HTTPClient: Sendable {
    /// Of one server: the first that accepts a connection is used.
    var addresses: [NetworkAddress]
    var port: UInt16 = 80
    /// Fields of every request, `Host` among them.
    var headers: [(name: String, value: String)] = []

    /// Without IPv6 addresses when there is a route for IPv4: every server answers there, and an IPv6 address without a
    /// server would cost the whole time.
    /// - Parameter routes: the kernel's table of IPv4 routes, a line for each below a title.
    func routed(routes: String = "/proc/net/route") -> HTTPClient {
        guard Text.lines(Files.text(routes) ?? "").count > 1 else { return self }
        var client = self
        client.addresses = addresses.filter { $0.family == AF_INET }
        return client
    }

    /// - Returns: the answer, and the address that it came from.
    func send(_ request: MetadataRequest, until deadline: ProviderDeadline) throws(MetadataError) -> (
        answer: HTTPAnswer, from: NetworkAddress
    ) {
        let connection = try HTTPConnection.open(
            to: addresses, port: port, isPrivileged: request.isPrivileged, until: deadline)
        defer { close(connection.file) }
        try connection.send(head(request, host: connection.address) + request.body, until: deadline)
        return (try connection.receive(until: deadline), connection.address)
    }

    private func head(_ request: MetadataRequest, host: NetworkAddress) -> [UInt8] {
        var head = "\(request.method) \(request.path) HTTP/1.1\r\n"
        if !headers.contains(where: { $0.name == "Host" }) {
            head += "Host: \(host.family == AF_INET6 ? "[\(host)]" : "\(host)")\(port == 80 ? "" : ":\(port)")\r\n"
        }
        for header in headers + request.headers { head += "\(header.name): \(header.value)\r\n" }
        if !request.body.isEmpty || request.method != "GET" { head += "Content-Length: \(request.body.count)\r\n" }
        return Array("\(head)Connection: close\r\n\r\n".utf8)
    }
}

/// A connection to a server. Its owner closes the file.
struct HTTPConnection {
    let file: Int32
    let address: NetworkAddress

    /// Connects to all addresses at once, and keeps the first connection.
    static func open(
        to addresses: [NetworkAddress], port: UInt16, isPrivileged: Bool, until deadline: ProviderDeadline
    ) throws(MetadataError) -> HTTPConnection {
        var (pending, failure): ([HTTPConnection], MetadataError?) = ([], nil)
        defer { for connection in pending { close(connection.file) } }
        for address in addresses {
            do throws(MetadataError) {
                pending.append(try start(address, port, isPrivileged))
            } catch {
                failure = failure ?? error
            }
        }
        while !pending.isEmpty {
            var polls = pending.map { pollfd(fd: $0.file, events: Int16(POLLOUT), revents: 0) }
            let count = Glibc.poll(&polls, nfds_t(polls.count), deadline.left)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw MetadataError("no answer from \(pending[0].address)") }
            for index in polls.indices.reversed() where polls[index].revents != 0 {
                let connection = pending.remove(at: index)
                let number = connection.result
                if number == 0 { return connection }
                close(connection.file)
                failure = failure ?? MetadataError("connecting to", "\(connection.address)", number: number)
            }
        }
        throw failure ?? MetadataError("connecting to", "server", number: EDESTADDRREQ)
    }

    private static func start(_ address: NetworkAddress, _ port: UInt16, _ isPrivileged: Bool) throws(MetadataError)
        -> HTTPConnection
    {
        let file = cinit_stream_socket(address.family)
        guard file >= 0 else { throw MetadataError("creating a socket for", "\(address)", number: -file) }
        do throws(MetadataError) {
            if isPrivileged { try address.bindPrivileged(file) }
            guard address.connect(file, port: port) == 0 || errno == EINPROGRESS else {
                throw MetadataError("connecting to", "\(address)")
            }
        } catch {
            close(file)
            throw error
        }
        return HTTPConnection(file: file, address: address)
    }

    /// errno of the finished attempt to connect, or 0.
    private var result: Int32 {
        var (number, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        return getsockopt(file, SOL_SOCKET, SO_ERROR, &number, &size) == 0 ? number : errno
    }

    private func wait(for event: Int32, until deadline: ProviderDeadline) throws(MetadataError) {
        while true {
            var poll = pollfd(fd: file, events: Int16(event), revents: 0)
            let count = Glibc.poll(&poll, 1, deadline.left)
            if count > 0 { return }
            if count < 0, errno == EINTR { continue }
            guard count == 0 else { throw MetadataError("waiting for", "\(address)") }
            throw MetadataError("no answer from \(address)")
        }
    }

    func send(_ bytes: [UInt8], until deadline: ProviderDeadline) throws(MetadataError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: POLLOUT, until: deadline)
            let count = rest.withUnsafeBytes { Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { throw MetadataError("sending to", "\(address)") }
            rest = rest.dropFirst(count)
        }
    }

    func receive(until deadline: ProviderDeadline) throws(MetadataError) -> HTTPAnswer {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            try wait(for: POLLIN, until: deadline)
            let count = recv(file, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count >= 0 else { throw MetadataError("receiving from", "\(address)") }
            bytes += buffer[..<count]
            if let answer = try HTTPAnswer.read(bytes, isEnd: count == 0) { return answer }
            guard bytes.count <= Finding.longest + HTTPAnswer.longestHead else {
                throw MetadataError("answer of \(address) exceeds \(Finding.longest) bytes")
            }
        }
    }
}
