internal import MobySpec

extension JSONValue {
    /// A number of 64 bits without a sign.
    static func unsigned(_ value: UInt64) -> JSONValue {
        Int64(exactly: value).map { .integer($0) } ?? .number(Double(value))
    }
}
