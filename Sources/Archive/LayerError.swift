public import Extents

/// A layer, or another tar archive, that cannot be taken as it stands.
public struct LayerError: HintedError, CustomStringConvertible, Sendable {
    /// Which layer, counted from 0, the lowest; nil for an archive that is not a layer.
    public let layer: Int?
    /// The name as it stands in the archive; nil when no entry is to blame.
    public let entry: [UInt8]?
    public let reason: String
    public let hint: String?

    init(layer: Int?, entry: [UInt8]?, reason: String, hint: String? = nil) {
        self.layer = layer
        self.entry = entry
        self.reason = reason
        self.hint = hint
    }

    public var description: String {
        var text = layer.map { "layer \($0 + 1): " } ?? ""
        if let entry { text += "entry '\(PlainText.short(String(decoding: entry, as: UTF8.self)))': " }
        return text + reason
    }
}
