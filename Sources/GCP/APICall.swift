internal import FoundationEssentials

/// One request to a JSON API, complete but for the token.
public struct APICall: Sendable, Equatable, CustomStringConvertible {
    public let api: API
    /// What it does, as the start of a sentence: `create image 'web'`.
    public let title: String
    public let method: String
    public let url: String
    /// JSON with its keys in order, as it is sent.
    public let body: String?

    init(_ api: API, _ title: String, _ method: String, _ url: String) { self.init(api, title, method, url, text: nil) }

    init(_ api: API, _ title: String, _ method: String, _ url: String, text: String?) {
        (self.api, self.title, self.method, self.url, body) = (api, title, method, url, text)
    }

    init(_ api: API, _ title: String, _ method: String, _ url: String, body: some Encodable) throws {
        (self.api, self.title, self.method, self.url) = (api, title, method, url)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        self.body = String(decoding: try encoder.encode(body), as: UTF8.self)
    }

    /// As `--dry-run` prints it.
    public var description: String { "# \(title)\n\(method) \(url)" + (body.map { "\n" + $0 } ?? "") }
}
