internal import Extents
internal import HTTP
internal import MobyRun
internal import MobySpec

/// Asks a web server of the guest.
struct WebCheck {
    let web: WebExpectation
    let isSecure: Bool
    let session: MachineSession

    func attempt(within limit: Duration) throws -> Attempt {
        guard let port = session.ports[web.port],
            let url = WebURL("\(isSecure ? "https" : "http")://\(port.address):\(port.host)\(web.path)")
        else {
            throw StepFailure("'\(PlainText.short(web.path))' is not the path of a URL")
        }
        let probe = try WebProbe(url)
        guard let answer = probe.ask(within: limit) else { return .pending(probe.lastFailure ?? "no answer") }
        return try judge(answer)
    }

    private func judge(_ answer: WebProbe.Answer) throws -> Attempt {
        let lines = answer.head.split(separator: "\n").map(String.init)
        let status = PlainText.short(lines.first ?? "")
        let isGood = web.status.map { answer.status == $0 } ?? (answer.status < 400)
        guard isGood else {
            return .wrong(
                StepFailure(
                    "the status is \(answer.status)",
                    expected: web.status.map { "status \($0)" } ?? "a status below 400",
                    found: status, output: excerpt(answer.body)))
        }
        if let header = web.header, try TextPattern.first(header, in: Array(lines.dropFirst())) == nil {
            return .wrong(
                StepFailure(
                    "no header field matches", expected: "a field that matches '\(PlainText.short(header))'",
                    found: status, output: PlainText.lines(answer.head)))
        }
        if let body = web.body, try !TextPattern.matches(body, answer.body) {
            return .wrong(
                StepFailure(
                    "the body does not match", expected: "a body that matches '\(PlainText.short(body))'",
                    found: "\(answer.body.utf8.count) bytes", output: excerpt(answer.body)))
        }
        return .passed(status)
    }

    private func excerpt(_ text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline).prefix(5)
        return lines.isEmpty ? nil : lines.map { PlainText.short($0, limit: 160) }.joined(separator: "\n")
    }
}
