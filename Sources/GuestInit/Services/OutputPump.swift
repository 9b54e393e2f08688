internal import CInit
internal import Glibc

/// Takes what a container writes into its log, and to those that follow it.
final class OutputPump {
    private let loop: EventLoop
    private let log: LogFile
    private var reader: Int32 = -1
    /// For the container; closed in PID 1 as soon as it has started.
    private(set) var writer: Int32 = -1
    private var buffer = [UInt8](repeating: 0, count: 16 << 10)
    /// The last of the output, for the console when the container fails.
    private(set) var recent: [UInt8] = []
    /// Called with all that is written.
    var follower: ((ArraySlice<UInt8>) -> Void)?

    init(log: LogFile, loop: EventLoop) throws(SystemError) {
        self.log = log
        self.loop = loop
        var ends: [Int32] = [-1, -1]
        try SystemError.check(cinit_pipe(&ends), "pipe", log.path)
        (reader, writer) = (ends[0], ends[1])
        // The loop holds the pump until the last writer is gone: a daemon may outlive its container.
        loop.watch(file: reader) { [self] _ in readSome(atMost: 4) }
    }

    deinit {
        closeWriter()
        if reader >= 0 { close(reader) }
    }

    func closeWriter() {
        if writer >= 0 { close(writer) }
        writer = -1
    }

    /// Reads all that is there now.
    func drain() { readSome(atMost: 64) }

    private func readSome(atMost rounds: Int) {
        for _ in 0..<rounds {
            guard reader >= 0 else { return }
            let count = buffer.withUnsafeMutableBytes { read(reader, $0.baseAddress, $0.count) }
            if count > 0 {
                take(buffer[..<count])
            } else if count == 0 || errno != EAGAIN && errno != EINTR {
                return finish()
            } else {
                return
            }
        }
    }

    private func take(_ bytes: ArraySlice<UInt8>) {
        log.append(bytes)
        recent.append(contentsOf: bytes)
        if recent.count > 8 << 10 { recent.removeFirst(recent.count - 4 << 10) }
        follower?(bytes)
    }

    private func finish() {
        loop.forget(file: reader)
        close(reader)
        reader = -1
    }
}
