/// Content that is not what its digest, its size or its diff ID promise.
public enum ContentError: Error, Equatable, Sendable, CustomStringConvertible {
    /// More bytes came than there may be.
    case tooLong(limit: UInt64)
    /// All bytes came, but they are others.
    case digest(expected: Digest, actual: Digest, size: UInt64)
    /// The content ended early, or is another one.
    case size(Digest, expected: UInt64, actual: UInt64)
    /// A layer unpacks to something else than the image's configuration says. The blob itself is what its digest says.
    case diffID(expected: Digest, actual: Digest, blob: Digest)
    /// A layer unpacks to more than its size allows, or, when the limit is absolute, than any may.
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
        case .tooLong(let limit): "there are more than the \(limit) bytes expected"
        case .digest(let expected, let actual, let size):
            "digest is \(actual), expected \(expected), after \(size) bytes"
        case .size(let digest, let expected, let actual):
            "size of blob \(digest) is \(actual) bytes, expected \(expected) bytes"
        case .diffID(let expected, let actual, let blob):
            "layer \(blob) unpacks to \(actual), but the image's configuration says \(expected)\n  hint: the image is broken; build and push it again"
        case .layer(let digest, let size, let limit, let isAbsolute):
            "layer \(digest) of \(size) bytes unpacks to more than \(limit) bytes\n  hint: "
                + (isAbsolute
                    ? "when it is meant to, '--layer-limit' with a larger size, such as 128G, takes it"
                    : "no honest layer grows more than \(ContentStore.largestRatio) times; look at where the image comes from")
        case .missing(let digest):
            "the store has no blob \(digest)\n  hint: run 'moby cache verify --repair', then pull the image again"
        case .damaged(let digest):
            "the stored blob \(digest) was damaged and has been removed\n  hint: run the command again to fetch it, or 'moby cache verify' to check all"
        }
    }
}
