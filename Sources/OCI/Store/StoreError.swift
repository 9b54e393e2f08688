public import Extents
internal import Glibc

/// A folder that cannot be the image store.
public struct StoreError: HintedError, CustomStringConvertible, Sendable, Equatable {
    public let description: String
    public let hint: String?

    /// How to name another folder.
    static let otherFolder = "name an empty folder with --cache or MOBY_CACHE"

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(3).map { "'\(PlainText.short($0))'" }.joined(separator: ", ")
        return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
    }

    static func notAFolder(_ path: String) -> StoreError {
        StoreError(
            description: "'\(PlainText.short(path))' is not a folder, so it cannot be the image store",
            hint: otherFolder)
    }

    /// The folder has files that moby did not write, and no mark.
    static func foreign(_ path: String, _ names: [String], looksLikeStore: Bool) -> StoreError {
        guard looksLikeStore else {
            return StoreError(
                description:
                    "'\(PlainText.short(path))' is not an image store: it has \(list(names)) and no '\(StoreFolder.markName)'",
                hint: otherFolder)
        }
        return StoreError(
            description:
                "'\(PlainText.short(path))' may be the image store of an older moby, but it also has \(list(names))",
            hint: "move those files out of it, or \(otherFolder)")
    }

    static func newer(_ path: String, _ version: String) -> StoreError {
        StoreError(
            description:
                "image store '\(PlainText.short(path))' has version \(PlainText.short(version)), expected \(StoreFolder.version)",
            hint: "use the moby version that made it, or \(otherFolder)")
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
                "image store '\(PlainText.short(path))' has damaged entries, which may still be in use: \(list(names))",
            hint: "run 'moby cache verify --repair', then pull the images that it lists")
    }

    static func inUse(_ path: String) -> StoreError {
        StoreError(
            description: "image store '\(PlainText.short(path))' is in use by another process",
            hint: "wait for that process, or remove the store with --force")
    }

    /// A folder where a file belongs.
    public static func folderInTheWay(_ path: String) -> StoreError {
        StoreError(
            description: "'\(PlainText.short(path))' is a folder with files, expected a file of the image store",
            hint: "moby did not create it: check its contents, then remove it")
    }
}

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

/// A file of the store that was found damaged, and removed.
public struct StoreDamage: Sendable, Equatable {
    /// As a path in the store.
    public let file: String
    /// Of a blob or layer.
    public let digest: Digest?
}
