internal import Extents
internal import HTTP
internal import MobyRun

/// Fetches a spec file that is named by its URL.
struct SpecDownload {
    /// Most bytes of a spec file.
    static let limit: UInt64 = 64 << 20
    private static let mostRedirects = 10

    private let transport: any HTTPTransport
    private let retry: RetryPolicy

    init(certificateFiles: [String]) throws {
        transport = try CurlTransport(environment: Terminal.environment, certificateFiles: certificateFiles)
        retry = RetryPolicy()
    }

    /// Whether a name on the command line is a URL.
    static func isURL(_ name: String) -> Bool { name.hasPrefix("http://") || name.hasPrefix("https://") }

    /// What messages call it: user, password and query may be secrets.
    static func name(_ url: String) -> String { WebURL.shown(url) }

    /// - Throws: `RunError` for a bad URL, an answer that is not a file, a redirection that leaves HTTPS, no answer.
    func bytes(_ name: String) async throws -> [UInt8] {
        guard let first = WebURL(name) else {
            throw RunError("'\(Self.name(name))' is not a URL", hint: "write https://HOST/PATH.yml")
        }
        var url = first
        for _ in 0...Self.mostRedirects {
            let way = url == first ? "\(first)" : "\(first) leads to \(url), which"
            let sink = BufferSink(limit: Self.limit)
            let response = try await answer(url, sink, way: url == first ? "\(first)" : "\(first) leads to \(url)")
            if response.isSuccess {
                guard !sink.bytes.isEmpty else {
                    throw RunError(
                        "\(way) answered with status \(response.status) and no bytes",
                        hint: "a spec file is expected there")
                }
                return sink.bytes
            }
            guard (300..<400).contains(response.status), let location = response.headers["Location"] else {
                throw RunError("\(way) answered with status \(response.status)", hint: "a spec file is expected there")
            }
            guard let next = url.resolving(location) else {
                throw RunError("\(url) leads to '\(WebURL.shown(location))', which is not a URL")
            }
            guard next.scheme == url.scheme || next.scheme == "https" else {
                throw RunError(
                    "\(url) leads to \(next), which is not encrypted", hint: "name that URL if it is to be trusted")
            }
            url = next
        }
        throw RunError("\(first) leads to one URL after another, more than \(Self.mostRedirects) times")
    }

    private func answer(_ url: WebURL, _ sink: BufferSink, way: String) async throws -> HTTPResponse {
        var number = 1
        while true {
            do {
                let response = try await transport.exchange(HTTPRequest("GET", url), into: sink)
                guard RetryPolicy.isTransient(response.status), let pause = retry.pause(after: number, response) else {
                    return response
                }
                try await retry.sleep(pause)
            } catch let error as TransportError {
                guard error.isTransient, let pause = retry.pause(after: number, nil) else {
                    throw RunError("\(way): \(error)", hint: error.hint)
                }
                try await retry.sleep(pause)
            } catch let error as ExtentError {
                throw RunError("\(way): the answer has \(error)", hint: "a spec file is expected there")
            }
            number += 1
        }
    }
}
