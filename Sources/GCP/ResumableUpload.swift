internal import Extents
internal import FoundationEssentials
internal import HTTP
internal import Progress

/// One upload in chunks ("Resumable uploads" of Cloud Storage). After a cut it asks the server how much it has, and
/// sends the rest.
///
/// ```
/// PUT session  Content-Range: bytes 0-16777215/209715200  → 308, Range: bytes=0-16777215 (at the end 200)
/// PUT session  Content-Range: bytes */209715200           → 308, Range: bytes=0-8388607 (no Range: nothing was kept)
/// ```
/// The session's address is secret and gives the right to write: no token goes with it.
struct ResumableUpload: Sendable {
    let client: GoogleClient
    let source: UploadSource
    let title: String
    let session: WebURL
    let chunk: UInt64
    /// Counts the bytes sent; they may become fewer after a cut.
    let step: Progress.Step

    /// The server no longer knows the session.
    struct Lost: Error {}

    private enum Step {
        case received(UInt64)
        case done(StoredObject)
    }

    /// Sends everything.
    /// - Throws: ``Lost`` when it must be started again; ``GoogleError``.
    func run() async throws -> StoredObject {
        var position: UInt64 = 0
        var isKnown = true
        return try await client.retries.retrying { state in
            while true {
                let wasKnown = isKnown
                isKnown = false
                let answer: JSONExchange.Answer
                do { answer = wasKnown ? try await send(from: position) : try await ask() } catch let error
                    as TransportError
                {
                    throw FailedTry(GoogleError(title, session.description, error), isTransient: error.isTransient)
                }
                switch try read(answer) {
                case .done(let object):
                    // An emulator that treats the question as the end has stored a part: only a new start helps.
                    if !wasKnown, object.length != source.size { throw Lost() }
                    step.set(source.size)
                    return object
                case .received(let now):
                    let before = position
                    position = now
                    step.set(position)
                    if now > before { state.progress() }
                    guard now > before || !wasKnown else {
                        throw FailedTry(
                            GoogleError(title, "the server keeps none of the bytes sent"), isTransient: true)
                    }
                    isKnown = true
                case nil:
                    let error = GoogleError(title, answer.response, body: answer.body)
                    throw FailedTry(error, isTransient: error.isRetryable, answer.response)
                }
            }
        }
    }

    /// Discards the bytes on the server ("Cancel an upload"), which answers 499; otherwise it keeps them for a week.
    /// The upload has already failed, so the outcome is ignored. Continues for a few seconds when this task is
    /// cancelled.
    func cancel() async {
        let request = HTTPRequest("DELETE", session, headers: ["Content-Length": "0"])
        await Task { [client] in
            _ = try? await Deadline.run(.seconds(5)) { try await client.exchange.exchange(request) }
        }.value
    }

    private func send(from position: UInt64) async throws -> JSONExchange.Answer {
        let length = min(chunk, source.size - position)
        guard length > 0 else { return try await ask() }
        var request = HTTPRequest(
            "PUT", session, headers: ["Content-Range": "bytes \(position)-\(position + length - 1)/\(source.size)"],
            body: .range(path: source.path, offset: position, length: length))
        request.sent = { [step] in step.add($0) }
        return try await client.exchange.exchange(request)
    }

    private func ask() async throws -> JSONExchange.Answer {
        let request = HTTPRequest(
            "PUT", session, headers: ["Content-Range": "bytes */\(source.size)"], body: .bytes([]))
        return try await client.exchange.exchange(request)
    }

    /// - Returns: nil for an error.
    private func read(_ answer: JSONExchange.Answer) throws -> Step? {
        switch answer.response.status {
        case 200, 201: return .done(try JSONExchange.decode(StoredObject.self, answer.body, title))
        case 308: return .received(try received(answer.response.headers["Range"]))
        case 404, 410: throw Lost()
        default: return nil
        }
    }

    /// `bytes=0-N`: N + 1 bytes are kept.
    private func received(_ range: String?) throws -> UInt64 {
        guard let range else { return 0 }
        let parts = range.split(separator: "-")
        guard parts.count == 2, parts[0] == "bytes=0", let last = UInt64(parts[1]), last < source.size else {
            throw GoogleError(title, "the server reports the range '\(PlainText.short(range))' of \(source.size) bytes")
        }
        return last + 1
    }
}
