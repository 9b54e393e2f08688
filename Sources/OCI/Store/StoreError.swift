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
    static func unusable(_ path: String, _ problem: FileError) -> StoreError {
        StoreError(
            description: "image store '\(PlainText.short(path))': \(problem)",
            hint: [EACCES, EPERM, Glibc.EROFS].contains(problem.code)
                ? "name a folder that user \(geteuid()) may write to with --cache or MOBY_CACHE"
                : (problem.hint.map { $0 + "; or " } ?? "") + otherFolder)
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

/// A file of the store that was found damaged, and removed.
public struct StoreDamage: Sendable, Equatable {
    /// As a path in the store.
    public let file: String
    /// Of a blob or layer.
    public let digest: Digest?
}
