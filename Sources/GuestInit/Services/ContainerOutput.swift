/// Both outputs of a container: `name.out.log` (standard output) and `name.log` (errors).
final class ContainerOutput {
    let standard: OutputPump
    let errors: OutputPump

    /// - Parameter prefix: path of the logs without `.log`.
    init(prefix: String, loop: EventLoop) throws(SystemError) {
        standard = try OutputPump(log: LogFile(prefix + ".out.log"), loop: loop)
        errors = try OutputPump(log: LogFile(prefix + ".log"), loop: loop)
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
        return [standard.recent, errors.recent].flatMap { bytes in
            bytes.split(separator: 0x0A).suffix(limit).map { line in
                String(decoding: line.filter { $0 >= 0x20 || $0 == 0x09 }, as: UTF8.self)
            }
        }
    }
}
