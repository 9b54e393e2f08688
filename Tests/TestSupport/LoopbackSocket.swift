internal import Extents
internal import Glibc

/// Just enough of sockets and HTTP/1.1 for a scripted server.
enum LoopbackSocket {
    /// Listens on a free port of 127.0.0.1.
    static func listen() throws -> (socket: Int32, host: String) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listens = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && Glibc.listen(listener, 64) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard listens else { throw FileError("listen", "127.0.0.1") }
        return (listener, "127.0.0.1:\(UInt16(bigEndian: address.sin_port))")
    }

    /// Connects to a port of 127.0.0.1.
    static func connect(to port: UInt16) throws -> Int32 {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = port.bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(connection, $0, length) == 0 }
        }
        guard connected else {
            close(connection)
            throw FileError("connect", "127.0.0.1:\(port)")
        }
        return connection
    }

    /// One request with its body; nil when the client went away.
    static func request(from connection: Int32) -> ScriptedServer.Request? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        func more() -> Bool {
            let got = recv(connection, &buffer, buffer.count, 0)
            bytes += buffer.prefix(max(got, 0))
            return got > 0
        }
        let end = Array("\r\n\r\n".utf8)
        var head = bytes.firstRange(of: end)
        while head == nil {
            guard more() else { return nil }
            head = bytes.firstRange(of: end)
        }
        guard let head else { return nil }
        let lines = String(decoding: bytes[..<head.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while bytes.count < head.upperBound + length, more() {}
        return ScriptedServer.Request(
            method: String(words[0]), target: String(words[1]), headers: headers, body: Array(bytes[head.upperBound...])
        )
    }

    /// Waits until the client hangs up.
    static func waitForEnd(of connection: Int32) {
        var byte: UInt8 = 0
        while recv(connection, &byte, 1, 0) > 0 {}
    }

    /// - Returns: false when the client went away.
    static func send(_ bytes: [UInt8], to connection: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }
}
