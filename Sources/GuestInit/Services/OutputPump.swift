internal import CInit
internal import Glibc

/// Takes what a container writes into its log, and to those that follow it.
final class OutputPump {
    private let loop: EventLoop
    let log: LogFile
    private var reader: Int32 = -1
    /// For the container; closed in PID 1 as soon as it has started.
    private(set) var writer: Int32 = -1
    private var buffer = [UInt8](repeating: 0, count: 16 << 10)
    private let kept: Int
    private var last: [UInt8] = []
    /// Bytes that were written in all.
    private(set) var total = 0
    /// Called with all that is written.
    var follower: ((ArraySlice<UInt8>) -> Void)?

    /// - Parameter kept: how many bytes of the end are kept for the console.
    init(log: LogFile, loop: EventLoop, kept: Int) throws(SystemError) {
        self.log = log
        self.loop = loop
        self.kept = kept
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

    /// The end of the output, from the beginning of a line; whole when it is not longer than what is kept.
    var recent: ArraySlice<UInt8> {
        let bytes = last.suffix(kept)
        guard bytes.count < total, let newline = bytes.firstIndex(of: 0x0A), newline + 1 < bytes.endIndex else {
            return bytes
        }
        return bytes[(newline + 1)...]
    }

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
        total += bytes.count
        last.append(contentsOf: bytes)
        if last.count > 2 * kept { last.removeFirst(last.count - kept) }
        follower?(bytes)
    }

    private func finish() {
        loop.forget(file: reader)
        close(reader)
        reader = -1
    }
}
