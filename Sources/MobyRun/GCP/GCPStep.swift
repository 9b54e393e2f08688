internal import FoundationEssentials
internal import GCP

/// A step of a plan as `--dry-run` shows it.
struct GCPStep: Sendable {
    /// For people.
    let text: String
    /// For programs: an object of `method`, `url` and `body`, where null is none. Nil for what is no request of HTTP.
    let json: String?

    /// What is no request of HTTP.
    init(_ text: String) { (self.text, json) = (text, nil) }

    /// - Parameter note: a line behind the request.
    init(_ call: APICall, note: String? = nil) throws {
        text = note.map { "\(call)\n# \($0)" } ?? "\(call)"
        json = try Self.object(call.method, call.url, call.body)
    }

    init(_ text: String, _ method: String, _ url: String) throws {
        self.text = text
        json = try Self.object(method, url, nil)
    }

    /// - Parameter body: JSON.
    private static func object(_ method: String, _ url: String, _ body: String?) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let words = try [method, url].map { String(decoding: try encoder.encode($0), as: UTF8.self) }
        let body = (body ?? "null").replacing("\n", with: "\n    ")
        return "  {\n    \"method\" : \(words[0]),\n    \"url\" : \(words[1]),\n    \"body\" : \(body)\n  }"
    }
}
