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
