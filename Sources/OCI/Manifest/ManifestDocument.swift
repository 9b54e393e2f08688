internal import Extents
internal import FoundationEssentials

/// A manifest or an index, read from exactly the bytes that were hashed.
enum ManifestDocument: Sendable {
    case manifest(Manifest)
    case index(ImageIndex)

    /// The most bytes of a manifest or index that are read (distribution-spec, pushing manifests: 4 MiB).
    static let largestSize: UInt64 = 4 << 20

    /// - Parameter mediaType: from the descriptor or the server; nil or a generic type when unknown.
    /// - Throws: `ManifestError` when it is neither, both at once, or of another media type.
    init(_ bytes: [UInt8], mediaType declared: String?) throws {
        let shape = try ManifestError.decoding { try JSONDecoder().decode(Shape.self, from: Data(bytes)) }
        let type = try shape.type(declared: declared)
        if MediaType.isIndex(type) {
            self = .index(try ManifestError.decoding { try JSONDecoder().decode(ImageIndex.self, from: Data(bytes)) })
            return
        }
        let manifest = try ManifestError.decoding { try JSONDecoder().decode(Manifest.self, from: Data(bytes)) }
        for (number, layer) in manifest.layers.enumerated() where !MediaType.isLayer(layer.mediaType) {
            throw ManifestError(
                "layers[\(number)] has media type '\(PlainText.short(layer.mediaType))', which is not a layer of files")
        }
        self = .manifest(manifest)
    }
}

extension ManifestDocument {
    /// Its own media type, else the OCI type.
    var mediaType: String {
        switch self {
        case .manifest(let manifest): manifest.mediaType ?? MediaType.manifest
        case .index(let index): index.mediaType ?? MediaType.index
        }
    }
}

/// The fields that tell a manifest from an index. A document that could be read as either is refused
/// (CVE-2021-41190).
private struct Shape: Decodable {
    var schemaVersion: Int?
    var mediaType: String?
    var hasManifests: Bool
    var hasLayers: Bool

    enum CodingKeys: String, CodingKey { case schemaVersion, mediaType, manifests, layers, config, fsLayers }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        schemaVersion = try values.decodeIfPresent(Int.self, forKey: .schemaVersion)
        mediaType = try values.decodeIfPresent(String.self, forKey: .mediaType)
        hasManifests = values.contains(.manifests)
        hasLayers = values.contains(.layers) || values.contains(.config) || values.contains(.fsLayers)
    }

    func type(declared: String?) throws -> String {
        guard schemaVersion != 1 else {
            throw ManifestError(
                "Docker schema 1 manifests are not supported: push the image again with a current tool")
        }
        guard !(hasManifests && hasLayers) else {
            throw ManifestError("ambiguous: it has both 'manifests' and 'layers'")
        }
        guard hasManifests || hasLayers else { throw ManifestError("it has neither 'manifests' nor 'layers'") }
        let generic = hasManifests ? MediaType.index : MediaType.manifest
        let type = mediaType ?? generic
        guard hasManifests ? MediaType.isIndex(type) : MediaType.isManifest(type) else {
            throw ManifestError(
                "it has '\(hasManifests ? "manifests" : "layers")', but its media type is '\(PlainText.short(type))'")
        }
        if let declared, MediaType.isIndex(declared) || MediaType.isManifest(declared) {
            let agrees = mediaType == nil ? MediaType.isIndex(declared) == hasManifests : declared == type
            guard agrees else {
                throw ManifestError(
                    "its media type is '\(PlainText.short(type))', but it was announced as '\(PlainText.short(declared))'"
                )
            }
        }
        return type
    }
}

/// A manifest, index or image configuration that cannot be used.
public struct ManifestError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }

    /// Runs a decoder and turns its error into plain English with the path of the field.
    /// - Parameter name: of the document, put before the words.
    static func decoding<Value>(_ name: String? = nil, _ decode: () throws -> Value) throws -> Value {
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
