internal import Glibc

/// A client of a server at an IPv4 address, with a connection per request. No names, no TLS: metadata servers use
/// neither.
struct HTTPClient: Sendable {
    /// The address's four bytes.
    var address: (UInt8, UInt8, UInt8, UInt8)
    var port: UInt16 = 80
    /// Headers of every request, `Host` among them.
    var headers: [(name: String, value: String)]

    func get(_ path: String, until deadline: Deadline) throws(MetadataError) -> HTTPAnswer {
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

    private func connect(_ file: Int32, until deadline: Deadline) throws(MetadataError) {
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

    private func wait(for event: Int32, of file: Int32, until deadline: Deadline) throws(MetadataError) {
        while true {
            var poll = pollfd(fd: file, events: Int16(event), revents: 0)
            let count = Glibc.poll(&poll, 1, deadline.left)
            if count > 0 { return }
            if count < 0, errno == EINTR { continue }
            guard count == 0 else { throw MetadataError("waiting for", name) }
            throw MetadataError("no answer from \(name)")
        }
    }

    private func send(_ bytes: [UInt8], to file: Int32, until deadline: Deadline) throws(MetadataError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: POLLOUT, of: file, until: deadline)
            let count = rest.withUnsafeBytes { Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { throw MetadataError("sending to", name) }
            rest = rest.dropFirst(count)
        }
    }

    private func receive(from file: Int32, until deadline: Deadline) throws(MetadataError) -> HTTPAnswer {
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

/// An answer of an HTTP/1.x server (RFC 9112), as far as metadata servers use it.
struct HTTPAnswer: Sendable, Equatable {
    var status: Int
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    static let longestHead = 64 << 10

    /// Parses the bytes so far.
    /// - Parameter isEnd: whether these are all.
    /// - Returns: nil when more are needed.
    static func read(_ bytes: [UInt8], isEnd: Bool) throws(MetadataError) -> HTTPAnswer? {
        guard let end = headEnd(bytes) else {
            guard !isEnd, bytes.count < longestHead else { throw MetadataError("HTTP header without an end") }
            return nil
        }
        var answer = try head(bytes[..<end])
        let body = bytes[(end + 4)...]
        if answer.headers["transfer-encoding"]?.lowercased() == "chunked" {
            guard let whole = try unchunked(body) else {
                if isEnd { throw MetadataError("answer truncated") }
                return nil
            }
            answer.body = whole
            return answer
        }
        if let text = answer.headers["content-length"] {
            guard let length = Int(text), length >= 0, length <= Finding.longest else {
                throw MetadataError("answer of '\(text)' bytes; the limit is \(Finding.longest)")
            }
            guard body.count >= length else {
                if isEnd { throw MetadataError("answer truncated: \(body.count) of \(length) bytes") }
                return nil
            }
            answer.body = Array(body.prefix(length))
            return answer
        }
        guard isEnd else { return nil }
        answer.body = Array(body)
        return answer
    }

    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for start in 0..<min(bytes.count - 3, longestHead) where bytes[start] == 13 && bytes[start + 1] == 10 {
            if bytes[start + 2] == 13 && bytes[start + 3] == 10 { return start }
        }
        return nil
    }

    private static func head(_ bytes: ArraySlice<UInt8>) throws(MetadataError) -> HTTPAnswer {
        let lines = Text.lines(String(decoding: bytes, as: UTF8.self))
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]), (100..<600).contains(status)
        else {
            throw MetadataError("'\(String((lines.first ?? "").prefix(80)))', expected a status line of HTTP/1.1")
        }
        var answer = HTTPAnswer(status: status)
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            answer.headers[line[..<colon].lowercased()] = Text.trimmed(line[line.index(after: colon)...])
        }
        return answer
    }

    /// The joined chunks (RFC 9112, 7.1); nil before the last one.
    private static func unchunked(_ bytes: ArraySlice<UInt8>) throws(MetadataError) -> [UInt8]? {
        var (body, rest): ([UInt8], ArraySlice<UInt8>) = ([], bytes)
        while true {
            guard let end = rest.firstIndex(of: 10) else { return nil }
            let digits = Text.trimmed(rest[..<end].prefix { $0 != UInt8(ascii: ";") })
            guard let size = Int(digits, radix: 16), size >= 0, size <= Finding.longest,
                body.count + size <= Finding.longest
            else {
                throw MetadataError("invalid chunk size '\(String(digits.prefix(20)))' in an answer")
            }
            if size == 0 { return body }
            rest = rest[(end + 1)...]
            guard rest.count >= size + 2 else { return nil }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
    }
}
