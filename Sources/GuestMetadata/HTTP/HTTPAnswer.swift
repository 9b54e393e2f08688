internal import Glibc

/// An answer of an HTTP/1.x server (RFC 9112), as far as metadata servers use it.
struct HTTPAnswer: Sendable, Equatable {
    var status: Int
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    static let longestHead = 64 << 10

    /// Parses the bytes so far.
    /// - Parameter isEnd: whether these are all.
    /// - Returns: nil when more are needed.
    static func read(_ bytes: [UInt8], isEnd: Bool) throws(MetadataError) -> HTTPAnswer? {
        guard let end = headEnd(bytes) else {
            guard !isEnd, bytes.count < longestHead else { throw MetadataError("HTTP header without an end") }
            return nil
        }
        var answer = try head(bytes[..<end])
        let body = bytes[(end + 4)...]
        if answer.headers["transfer-encoding"]?.lowercased() == "chunked" {
            guard let whole = try unchunked(body) else {
                if isEnd { throw MetadataError("answer truncated") }
                return nil
            }
            answer.body = whole
            return answer
        }
        if let text = answer.headers["content-length"] {
            guard let length = Int(text), length >= 0, length <= Finding.longest else {
                throw MetadataError("answer of '\(text)' bytes; the limit is \(Finding.longest)")
            }
            guard body.count >= length else {
                if isEnd { throw MetadataError("answer truncated: \(body.count) of \(length) bytes") }
                return nil
            }
            answer.body = Array(body.prefix(length))
            return answer
        }
        guard isEnd else { return nil }
        answer.body = Array(body)
        return answer
    }

    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for start in 0..<min(bytes.count - 3, longestHead) where bytes[start] == 13 && bytes[start + 1] == 10 {
            if bytes[start + 2] == 13 && bytes[start + 3] == 10 { return start }
        }
        return nil
    }

    private static func head(_ bytes: ArraySlice<UInt8>) throws(MetadataError) -> HTTPAnswer {
        let lines = Text.lines(String(decoding: bytes, as: UTF8.self))
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]), (100..<600).contains(status)
        else {
            throw MetadataError("'\(String((lines.first ?? "").prefix(80)))', expected a status line of HTTP/1.1")
        }
        var answer = HTTPAnswer(status: status)
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            answer.headers[line[..<colon].lowercased()] = Text.trimmed(line[line.index(after: colon)...])
        }
        return answer
    }

    /// The joined chunks (RFC 9112, 7.1); nil before the last one.
    private static func unchunked(_ bytes: ArraySlice<UInt8>) throws(MetadataError) -> [UInt8]? {
        var (body, rest): ([UInt8], ArraySlice<UInt8>) = ([], bytes)
        while true {
            guard let end = rest.firstIndex(of: 10) else { return nil }
            let digits = Text.trimmed(rest[..<end].prefix { $0 != UInt8(ascii: ";") })
            guard let size = Int(digits, radix: 16), size >= 0, size <= Finding.longest,
                body.count + size <= Finding.longest
            else {
                throw MetadataError("invalid chunk size '\(String(digits.prefix(20)))' in an answer")
            }
            if size == 0 { return body }
            rest = rest[(end + 1)...]
            guard rest.count >= size + 2 else { return nil }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
    }
}
