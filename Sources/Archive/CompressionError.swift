/// Compressed bytes that cannot be read, or more of them than allowed.
public enum CompressionError: Error, CustomStringConvertible, Sendable {
    /// The bytes break the rules of the format.
    case damaged(format: String, reason: String)
    /// The input ends within a member.
    case cutShort(format: String)
    /// There are more plain bytes than the limit.
    case tooLong(limit: UInt64)
    /// The library refused what it was asked for.
    case refused(format: String, reason: String)

    public var description: String {
        switch self {
        case .damaged(let format, let reason): "damaged \(format) data: \(reason)"
        case .cutShort(let format): "the \(format) data is cut short"
        case .tooLong(let limit): "more than \(limit) bytes when decompressed"
        case .refused(let format, let reason): "\(format): \(reason)"
        }
    }
}
