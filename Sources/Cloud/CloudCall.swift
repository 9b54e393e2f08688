internal import Extents

/// One request to an API of a cloud, complete but for its authorization and the values of its placeholders.
public struct CloudCall: Sendable, Equatable, CustomStringConvertible {
    /// The API, by the name that the client of its cloud uses; decides how the request is authorized.
    public let service: String
    /// Gerund and object, the context of an error: `creating image 'web'`.
    public let title: String
    public let method: String
    public let url: String
    /// Headers beyond those of authorization and content type.
    public let headers: [String: String]
    /// JSON with sorted keys.
    public let body: String?

    public init(
        _ service: String, _ title: String, _ method: String, _ url: String, headers: [String: String] = [:],
        text: String? = nil
    ) {
        (self.service, self.title, self.method, self.url) = (service, title, method, url)
        (self.headers, body) = (headers, text)
    }

    public init(
        _ service: String, _ title: String, _ method: String, _ url: String, headers: [String: String] = [:],
        body: some Encodable
    ) throws {
        let text = String(decoding: try JSONText.pretty(body), as: UTF8.self)
        self.init(service, title, method, url, headers: headers, text: text)
    }

    /// The call with the placeholders in its body replaced. Placeholders within values are not replaced.
    /// - Parameter values: placeholder → value, which is escaped as JSON.
    public func filled(with values: [String: String]) throws -> CloudCall {
        guard var rest = body.map({ $0[...] }), !values.isEmpty else { return self }
        var text = ""
        while let (range, value) = Self.firstPlaceholder(in: rest, values) {
            text += rest[..<range.lowerBound] + (try Self.json(value).dropFirst().dropLast())
            rest = rest[range.upperBound...]
        }
        return CloudCall(service, title, method, url, headers: headers, text: text + rest)
    }

    private static func firstPlaceholder(in text: Substring, _ values: [String: String]) -> (
        Range<String.Index>, String
    )? {
        values.compactMap { placeholder, value in text.firstRange(of: placeholder).map { ($0, value) } }
            .min { $0.0.lowerBound < $1.0.lowerBound }
    }

    /// As `--dry-run` prints it: a comment, the request line, headers, and the body.
    public var description: String {
        let lines = headers.sorted { $0.key < $1.key }.map { "\n\($0.key): \($0.value)" }
        return "# \(title)\n\(method) \(url)\(lines.joined())" + (body.map { "\n" + $0 } ?? "")
    }

    /// For programs: an object of `method`, `url` and `body`, which is null for a request without one.
    var json: String {
        get throws {
            let body = (body ?? "null").replacing("\n", with: "\n    ")
            return
                "  {\n    \"method\" : \(try Self.json(method)),\n    \"url\" : \(try Self.json(url)),\n    \"body\" : \(body)\n  }"
        }
    }

    private static func json(_ text: String) throws -> String {
        String(decoding: try JSONText.compact(text), as: UTF8.self)
    }
}
