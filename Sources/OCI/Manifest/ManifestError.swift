internal import Extents

/// A manifest, index or image configuration that cannot be used.
public struct ManifestError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }

    /// Runs a decoder and turns its error into plain English with the path of the field.
    /// - Parameter name: of the document, put before the words.
    public static func decoding<Value>(_ name: String? = nil, _ decode: () throws -> Value) throws -> Value {
        do {
            return try decode()
        } catch let error as DecodingError {
            throw ManifestError(Self.describe(error)).prefixed(name)
        }
    }

    /// Runs a reader of a document and names the document in its error.
    static func naming<Value>(_ name: String, _ read: () throws -> Value) throws -> Value {
        do { return try read() } catch let error as ManifestError { throw error.prefixed(name) }
    }

    static func layers(_ layers: Int, diffIDs: Int) -> ManifestError {
        let count = layers == 1 ? "1 layer" : "\(layers) layers"
        return ManifestError(
            "it has \(count), but its configuration has \(diffIDs == 1 ? "1 diff ID" : "\(diffIDs) diff IDs")")
    }

    private func prefixed(_ name: String?) -> ManifestError {
        name.map { ManifestError("\($0): \(description)") } ?? self
    }

    private static func describe(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "\(path(context.codingPath, key)) is missing"
        case .typeMismatch(let type, let context): "\(path(context.codingPath)) is not \(name(of: type))"
        case .valueNotFound(let type, let context): "\(path(context.codingPath)) is null, expected \(name(of: type))"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "not valid JSON" : "\(path(context.codingPath)): \(PlainText.line(context.debugDescription))"
        @unknown default: "it is invalid"
        }
    }

    private static func path(_ keys: [any CodingKey], _ last: (any CodingKey)? = nil) -> String {
        let all = keys + (last.map { [$0] } ?? [])
        guard !all.isEmpty else { return "the document" }
        return all.reduce("") { text, key in
            if let index = key.intValue { return "\(text)[\(index)]" }
            let name = PlainText.short(key.stringValue)
            return text.isEmpty ? name : "\(text).\(name)"
        }
    }

    private static func name(of type: Any.Type) -> String {
        switch "\(type)" {
        case "String": "a string"
        case "Int", "Int64", "UInt64": "a whole number"
        case let name where name.hasPrefix("Array"): "a list"
        default: "an object"
        }
    }
}
