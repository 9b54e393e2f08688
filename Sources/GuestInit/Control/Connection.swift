internal import Glibc

/// A program that talks to PID 1.
final class Connection {
    private let file: Int32
    private let loop: EventLoop
    private let handle: (Connection, String) -> Void
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var isAnswered = false
    private(set) var isOpen = true
    /// Called once when it is over.
    var onClose: (() -> Void)?

    /// A follower that does not read loses its connection at so many bytes.
    private static let patience = 4 << 20

    init(file: Int32, loop: EventLoop, handle: @escaping (Connection, String) -> Void) {
        self.file = file
        self.loop = loop
        self.handle = handle
        loop.watch(file: file) { [self] in ready($0) }
    }

    private func ready(_ readiness: Int32) {
        if readiness & EventLoop.Readiness.writable != 0 { flush() }
        guard isOpen, readiness & ~EventLoop.Readiness.writable != 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = recv(file, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count <= 0 {
            if count == 0 || errno != EAGAIN { close() }
            return
        }
        guard !isAnswered else { return }
        input.append(contentsOf: buffer[..<count])
        if let newline = input.firstIndex(of: 0x0A) {
            isAnswered = true
            handle(self, String(decoding: input[..<newline], as: UTF8.self))
        } else if input.count > 4096 {
            close()
        }
    }

    func send(_ bytes: [UInt8]) {
        guard isOpen else { return }
        output.append(contentsOf: bytes)
        if output.count > Self.patience { return close() }
        flush()
    }

    /// Sends the exit status, which is the last of a reply.
    func finish(_ status: Int32) { send(Reply.exit(status)) }

    func fail(_ text: String) {
        send(Reply.error(text))
        finish(1)
    }

    private func flush() {
        while isOpen && !output.isEmpty {
            let count = Glibc.send(file, output, output.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            if count > 0 {
                output.removeFirst(count)
            } else if errno == EAGAIN {
                return loop.watch(file: file, writable: true) { [self] in ready($0) }
            } else {
                return close()
            }
        }
        if isOpen { loop.watch(file: file) { [self] in ready($0) } }
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        loop.forget(file: file)
        Glibc.close(file)
        onClose?()
        onClose = nil
    }
}
