public import Extents

/// Content that differs from its digest, size or diff ID.
public enum ContentError: HintedError, Equatable, Sendable, CustomStringConvertible {
    /// More bytes than allowed.
    case tooLong(limit: UInt64)
    /// All bytes came, but with another digest.
    case digest(expected: Digest, actual: Digest, size: UInt64)
    /// The content ended early, or is different.
    case size(Digest, expected: UInt64, actual: UInt64)
    /// A layer unpacks to other bytes than the image's configuration says. The blob itself matches its digest.
    case diffID(expected: Digest, actual: Digest, blob: Digest)
    /// A layer unpacks to more than its size allows or, when the limit is absolute, than any layer may.
    case layer(Digest, size: UInt64, limit: UInt64, isAbsolute: Bool)
    /// The store has no such blob.
    case missing(Digest)
    /// The stored blob was changed after it was written; it has been removed.
    case damaged(Digest)

    /// Whether fetching again can help.
    var isDamage: Bool {
        switch self {
        case .missing, .damaged: true
        default: false
        }
    }

    public var description: String {
        switch self {
        case .tooLong(let limit): "more bytes than the \(limit) expected"
        case .digest(let expected, let actual, let size):
            "digest is \(actual), expected \(expected), after \(size) bytes"
        case .size(let digest, let expected, let actual):
            "blob \(digest) has \(actual) bytes, expected \(expected) bytes"
        case .diffID(let expected, let actual, let blob):
            "layer \(blob) unpacks to \(actual), but the image's configuration has \(expected)"
        case .layer(let digest, let size, let limit, _):
            "layer \(digest) of \(size) bytes unpacks to more than \(limit) bytes"
        case .missing(let digest): "the store has no blob \(digest)"
        case .damaged(let digest): "blob \(digest) of the store was damaged and has been removed"
        }
    }

    public var hint: String? {
        switch self {
        case .tooLong, .digest, .size: nil
        case .diffID: "the image is broken; build and push it again"
        case .layer(_, _, _, isAbsolute: true): "raise the limit with --layer-limit, for example 128G"
        case .layer:
            "no honest layer grows more than \(ContentStore.largestRatio) times; check where the image comes from"
        case .missing: "run 'moby cache verify --repair', then pull the image again"
        case .damaged: "run the command again to fetch it, or 'moby cache verify' to check everything"
        }
    }
}
