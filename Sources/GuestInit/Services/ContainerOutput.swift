/// Both outputs of a container: `name.out.log` (standard output) and `name.log` (errors).
final class ContainerOutput {
    let standard: OutputPump
    let errors: OutputPump

    /// - Parameters:
    ///   - prefix: path of the logs without `.log`.
    ///   - kept: how many bytes of the end of each are kept for the console.
    init(prefix: String, loop: EventLoop, kept: Int = 4 << 10) throws(SystemError) {
        standard = try OutputPump(log: LogFile(prefix + ".out.log"), loop: loop, kept: kept)
        errors = try OutputPump(log: LogFile(prefix + ".log"), loop: loop, kept: kept)
    }

    func follow(_ follower: @escaping (ArraySlice<UInt8>) -> Void) {
        standard.follower = follower
        errors.follower = follower
    }

    var files: (Int32, Int32) { (standard.writer, errors.writer) }

    /// To be called when the container runs or is over: from then on the end of its output can be seen.
    func closeWriters() {
        standard.closeWriter()
        errors.closeWriter()
    }

    /// The last lines of both, to be shown on the console.
    func recentLines(limit: Int) -> [String] {
        standard.drain()
        errors.drain()
        return [standard, errors].flatMap { PlainLines.lines($0.recent, limit: limit) }
    }

    /// All that was kept, each with a note of what was not.
    func keptLines() -> [String] {
        standard.drain()
        errors.drain()
        return [standard, errors].flatMap { pump in
            let bytes = pump.recent
            let cut = pump.total - bytes.count
            return (cut > 0 ? ["(\(cut) bytes before this are in \(pump.log.path))"] : []) + PlainLines.lines(bytes)
        }
    }
}
