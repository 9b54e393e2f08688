internal import FoundationEssentials

/// JSON of Codable values, with the same bytes for the same value: keys in order, slashes not escaped.
public enum JSONText {
    /// On one line, without spaces.
    public static func compact(_ value: some Encodable) throws -> [UInt8] { try encode(value, []) }

    /// On several lines, without a line break at the end.
    public static func pretty(_ value: some Encodable) throws -> [UInt8] { try encode(value, .prettyPrinted) }

    private static func encode(_ value: some Encodable, _ format: JSONEncoder.OutputFormatting) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = format.union([.sortedKeys, .withoutEscapingSlashes])
        return Array(try encoder.encode(value))
    }
}
