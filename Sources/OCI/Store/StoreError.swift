public import Extents
internal import Glibc

/// A folder that cannot serve as the image store.
public struct StoreError: HintedError, CustomStringConvertible, Sendable, Equatable {
    public let description: String
    public let hint: String?

    /// How to name another folder.
    static let otherFolder = "name an empty folder with --cache or MOBY_CACHE"

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(3).map { "'\(PlainText.short($0))'" }.joined(separator: ", ")
        return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
    }

    /// The folder holds what moby did not write, and no mark.
    static func foreign(_ path: String, _ names: [String], looksLikeStore: Bool) -> StoreError {
        guard looksLikeStore else {
            return StoreError(
                description:
                    "'\(PlainText.short(path))' is not an image store: it has no '\(StoreFolder.markName)', but \(list(names))",
                hint: otherFolder)
        }
        return StoreError(
            description:
                "'\(PlainText.short(path))' may be the image store of an older moby, but has \(list(names)) as well",
            hint: "move what is not moby's out of it, or \(otherFolder)")
    }

    static func newer(_ path: String, _ version: String) -> StoreError {
        StoreError(
            description:
                "image store '\(PlainText.short(path))' is of version \(PlainText.short(version)), expected \(StoreFolder.version)",
            hint: "run the moby that made it, or \(otherFolder)")
    }

    /// The store cannot be made or opened for writing.
    static func unusable(_ path: String, _ fault: FileError) -> StoreError {
        StoreError(
            description: "image store '\(PlainText.short(path))': \(fault)",
            hint: [EACCES, EPERM, Glibc.EROFS].contains(fault.code)
                ? "name a folder that user \(geteuid()) may write to with --cache or MOBY_CACHE"
                : (fault.hint.map { $0 + "; or " } ?? "") + otherFolder)
    }

    static func unreadable(_ path: String, _ names: [String]) -> StoreError {
        StoreError(
            description:
                "image store '\(PlainText.short(path))' has damaged entries, so what is in use is not known: \(list(names))",
            hint: "run 'moby cache verify --repair', then pull again what it names")
    }

    static func inUse(_ path: String) -> StoreError {
        StoreError(
            description: "image store '\(PlainText.short(path))' is in use by another process",
            hint: "wait until its build ends, or remove the store with --force")
    }

    /// A folder where a file belongs.
    public static func folderInTheWay(_ path: String) -> StoreError {
        StoreError(
            description: "'\(PlainText.short(path))' is a folder with files in it, expected a file of the image store",
            hint: "moby did not make it: look at what is in it, then remove it")
    }
}

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

/// A file of the store that was found damaged, and removed.
public struct StoreDamage: Sendable, Equatable {
    /// As a path in the store.
    public let file: String
    /// Of a blob or layer.
    public let digest: Digest?
}
