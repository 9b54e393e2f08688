internal import Dispatch
internal import Extents
internal import Glibc
internal import Synchronization

/// A TCP proxy on a free port of loopback that cuts the connection at chosen numbers of bytes sent by clients.
public final class CuttingProxy: Sendable {
    /// Host and port of the proxy.
    public let host: String
    private let listener: Int32
    private let state: Mutex<State>

    private struct State {
        var target: UInt16 = 0
        var forwarded: UInt64 = 0
        var cuts: [UInt64]
        var done = 0
    }

    /// How often a connection was cut.
    public var cutsDone: Int { state.withLock { $0.done } }

    /// - Parameter cuts: numbers of bytes, counted over all connections, in order.
    public init(cutting cuts: [UInt64]) throws {
        (listener, host) = try LoopbackSocket.listen()
        state = Mutex(State(cuts: cuts))
        DispatchQueue(label: "cutting-proxy").async { [listener, weak self] in
            while case let client = accept(listener, nil, nil), client >= 0 {
                DispatchQueue.global().async { [weak self] in
                    self?.serve(client)
                    close(client)
                }
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Says where connections go.
    public func forward(to port: UInt16) { state.withLock { $0.target = port } }

    private func serve(_ client: Int32) {
        guard let server = try? LoopbackSocket.connect(to: state.withLock { $0.target }) else { return }
        let group = DispatchGroup()
        let connection = Connection()
        DispatchQueue.global().async(group: group) {
            Self.pump(from: server, to: client) { _ in connection.isOpen.withLock { $0 } }
            shutdown(client, Int32(SHUT_RDWR))
        }
        Self.pump(from: client, to: server, allow)
        // The server has dealt with what it got before the client hears of the cut and asks.
        connection.isOpen.withLock { $0 = false }
        shutdown(server, Int32(SHUT_WR))
        group.wait()
        shutdown(client, Int32(SHUT_RDWR))
        close(server)
    }

    private final class Connection: Sendable {
        let isOpen = Mutex(true)
    }

    /// Counts bytes of clients; false when this is the place to cut.
    private func allow(_ count: Int) -> Bool {
        state.withLock { state in
            state.forwarded += UInt64(count)
            guard let next = state.cuts.first, state.forwarded >= next else { return true }
            state.cuts.removeFirst()
            state.done += 1
            return false
        }
    }

    private static func pump(from source: Int32, to target: Int32, _ allow: (Int) -> Bool) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let got = recv(source, &buffer, buffer.count, 0)
            guard got > 0, allow(got), LoopbackSocket.send(Array(buffer.prefix(got)), to: target) else { return }
        }
    }
}
