internal import Extents
internal import Glibc

/// Blobs that an interrupted download left, so that the next one goes on where it ended: `tmp/<digest>.partial`. A
/// process that writes one has its lock.
///
/// A server is not asked whether its blob is still the same (`If-Range`): the digest names the bytes, whichever server
/// has them, and decides in the end.
extension ContentStore {
    private static let partialSuffix = ".partial"
    /// In seconds.
    private static let longestLife = 7 * 86400

    /// Whether a file of `tmp/` is the beginning of a blob.
    static func isPartialBlob(_ name: String) -> Bool {
        name.hasSuffix(partialSuffix)
            && StoreNames.isOwn(String(name.dropLast(partialSuffix.count)), in: "blobs/sha256")
    }

    /// A writer for a blob, which goes on where an earlier download ended.
    /// - Throws: `FileError`; as ``prepare()``.
    func writer(for blob: Descriptor) throws -> BlobWriter {
        let path = "\(try temporaryPath)/\(blob.digest.hex)\(Self.partialSuffix)"
        // Another process that downloads the same has the file.
        guard let file = try PartialFile(continuing: path) else {
            return try BlobWriter(in: temporaryPath, limit: blob.size)
        }
        return try BlobWriter(continuing: file, limit: blob.size)
    }

    /// Removes beginnings that no one went on with.
    static func removeOldPartials(in folder: String) {
        // What cannot be listed is reported when something is written.
        guard let names = try? FolderTree.names(in: folder) else { return }
        for name in names where isPartialBlob(name) {
            let path = "\(folder)/\(name)"
            var info = stat()
            guard lstat(path, &info) == 0, time(nil) - info.st_mtim.tv_sec > longestLife else { continue }
            PartialFile.removeUnlocked(path)
        }
    }
}
