internal import FoundationEssentials

/// One request to a JSON API, complete but for the token.
public struct APICall: Sendable, Equatable, CustomStringConvertible {
    /// What it does, as the start of a sentence: `create image 'web'`.
    public let title: String
    public let method: String
    public let url: String
    /// JSON with its keys in order, as it is sent.
    public let body: String?

    public init(_ title: String, _ method: String, _ url: String) { self.init(title, method, url, text: nil) }

    init(_ title: String, _ method: String, _ url: String, text: String?) {
        (self.title, self.method, self.url, body) = (title, method, url, text)
    }

    public init(_ title: String, _ method: String, _ url: String, body: some Encodable) throws {
        (self.title, self.method, self.url) = (title, method, url)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        self.body = String(decoding: try encoder.encode(body), as: UTF8.self)
    }

    /// As `--dry-run` prints it.
    public var description: String { "# \(title)\n\(method) \(url)" + (body.map { "\n" + $0 } ?? "") }
}
