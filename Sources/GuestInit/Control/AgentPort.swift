internal import BootLayout
internal import Glibc
internal import GuestSystem

/// A virtio-serial port of the agent: requests come in as lines, answers go out. It holds little of either: a host that
/// floods it, or that does not read, cannot take the memory or the time of PID 1.
final class AgentPort {
    private let file: Int32
    private let loop: EventLoop
    private let take: (AgentPort, [UInt8]) -> Void
    private var input: [UInt8] = []
    /// A line was too long: the rest of it is dropped.
    private var isSkipping = false
    private var output: [UInt8] = []
    /// Bytes of `output` that were sent.
    private var sent = 0
    private var isReading = false
    /// Whether a program has the other side open.
    private var isConnected = false
    private(set) var isOpen = true
    /// Called when the other side has taken enough for more to be sent.
    var onSpace: (() -> Void)?
    /// Called when a program has opened the other side.
    var onConnect: () -> Void = {}
    /// Called when the other side is gone: nothing that it asked for is wanted any more.
    var onHangUp: () -> Void = {}

    /// Bytes waiting to be sent at which a sender should pause.
    static let fullBacklog = 256 << 10

    /// - Parameters:
    ///   - file: does not block.
    ///   - take: gets each line, without its end.
    init(file: Int32, loop: EventLoop, take: @escaping (AgentPort, [UInt8]) -> Void) throws(SystemError) {
        self.file = file
        self.loop = loop
        self.take = take
        try loop.watch(file: file, for: [.readable, .writable, .changes]) { [self] readiness in
            if readiness.contains(.hungUp) { hangUp() }
            flush()
            read()
        }
        // What arrived before this is not a change.
        readLater()
    }

    /// Whether a sender should pause until ``onSpace``.
    var isFull: Bool { output.count - sent >= Self.fullBacklog }
    var isIdle: Bool { output.isEmpty }

    func send(_ bytes: [UInt8]) {
        guard isOpen else { return }
        output.append(contentsOf: bytes)
        flush()
    }

    /// Drops what was not sent yet.
    func discard() { (output, sent) = ([], 0) }

    private func flush() {
        let wasFull = isFull
        while sent < output.count {
            // The kernel copies each piece into one block of its memory.
            let count = output.withUnsafeBytes { buffer in
                buffer.baseAddress.map { write(file, $0 + sent, min(16 << 10, buffer.count - sent)) } ?? 0
            }
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                break
            }
            sent += count
        }
        if sent == output.count {
            discard()
        } else if sent > Self.fullBacklog {
            output.removeFirst(sent)
            sent = 0
        }
        guard wasFull, !isFull else { return }
        onSpace?()
        readLater()
    }

    private func readLater() {
        guard !isReading else { return }
        isReading = true
        loop.after(0) { [self] in
            isReading = false
            read()
        }
    }

    /// Reads a little; changes are reported once, so what is left is read later.
    private func read() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<16 {
            // Who does not take the answers is not asked for more.
            guard isOpen, !isFull else { return }
            let count = Glibc.read(file, &buffer, buffer.count)
            switch (count, errno) {
            case (1..., _):
                connect()
                take(buffer[..<count])
            case (0, _): return hangUp()
            case (_, EAGAIN): return connect()
            case (_, EINTR): break
            default: return close()
            }
        }
        readLater()
    }

    private func connect() {
        guard !isConnected else { return }
        isConnected = true
        onConnect()
    }

    private func hangUp() {
        isConnected = false
        (input, isSkipping) = ([], false)
        discard()
        onHangUp()
    }

    private func take(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while let newline = rest.firstIndex(of: 0x0A) {
            let line = input + rest[..<newline]
            rest = rest[(newline + 1)...]
            input = []
            if !isSkipping, !line.isEmpty, line.count <= AgentRequest.longestLine { take(self, line) }
            isSkipping = false
        }
        guard !isSkipping else { return }
        input.append(contentsOf: rest)
        if input.count > AgentRequest.longestLine { (input, isSkipping) = ([], true) }
    }

    /// The device was removed.
    private func close() {
        isOpen = false
        hangUp()
        loop.forget(file: file)
        Glibc.close(file)
    }
}
