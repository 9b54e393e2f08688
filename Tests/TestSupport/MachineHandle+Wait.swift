internal import Extents
internal import Glibc
internal import HTTP
public import MobyRun

/// Waits of tests, with the console in their errors.
extension MachineHandle {
    private var tail: String {
        PlainText.lines(
            console.split(separator: "\n", omittingEmptySubsequences: false).suffix(40).joined(separator: "\n"))
    }

    /// Waits until the console shows a text.
    /// - Parameter limit: from now.
    /// - Returns: the line that contains it, and the time since the start of QEMU.
    /// - Throws: `RunError` with the end of the console's text on timeout, or when QEMU ends first.
    @discardableResult
    public func line(containing text: String, within limit: Duration) throws -> (line: String, time: Duration) {
        let end = ContinuousClock.now + limit
        while true {
            let hasEnded = isConsoleClosed
            if let found = console.split(separator: "\n").first(where: { $0.contains(text) }) {
                return (String(found), .now - started)
            }
            if hasEnded {
                throw RunError("the machine ended before its console showed '\(text)'; the console:\n\(tail)")
            }
            guard ContinuousClock.now < end else {
                throw RunError("the console did not show '\(text)' within \(limit); the console:\n\(tail)")
            }
            usleep(5000)
        }
    }

    /// Waits until an HTTP server in the guest answers with a status below 400.
    /// - Parameter url: `http://127.0.0.1:PORT/PATH`, a published port.
    public func answer(from url: String, within limit: Duration) throws -> (answer: WebProbe.Answer, time: Duration) {
        guard let address = WebURL(url) else { throw RunError("'\(PlainText.short(url))' is not a URL") }
        let probe = try WebProbe(address)
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end, exitStatus == nil {
            if let answer = probe.ask(within: attemptLimit), answer.status < 400 { return (answer, .now - started) }
            usleep(10_000)
        }
        throw RunError(
            "no answer from \(PlainText.short(url)) within \(limit)" + (probe.lastFailure.map { " (\($0))" } ?? "")
                + "; the console:\n\(tail)")
    }

    /// Waits for QEMU's end.
    /// - Returns: the exit status; 128 and the number for a signal.
    /// - Throws: `RunError` when it has not ended within the limit.
    @discardableResult
    public func waitForEnd(within limit: Duration) throws -> Int32 {
        let end = ContinuousClock.now + limit
        while true {
            if let status = exitStatus { return status }
            guard ContinuousClock.now < end else {
                throw RunError("QEMU did not end within \(limit); the console:\n\(tail)")
            }
            usleep(2000)
        }
    }
}
