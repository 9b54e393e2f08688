public import Extents

/// Lists tar archives of any dialect.
public enum Tar {
    /// One name of an archive.
    public struct Entry: Sendable {
        /// A leading `/` or `./` is left out.
        public let path: TreePath
        /// Contents are ranges of the archive; a hard link has those of the file it names.
        public let node: FileTree.Node
    }

    /// - Parameters:
    ///   - archive: not compressed.
    ///   - budget: in bytes, about what the entries may take; more is an error.
    /// - Throws: `LayerError` for anything but an intact archive; `FileError`, `ExtentError`.
    public static func list(_ archive: ExtentList, budget: Int) throws -> [Entry] {
        var entries: [Entry] = []
        try list(archive, budget: budget, into: &entries)
        return entries
    }

    /// As ``list(_:budget:)``, with what was found before an error. Of a file that the archive ends in, the bytes that
    /// are not there are missing.
    /// - Throws: `FileError`.
    public static func salvage(_ archive: ExtentList, budget: Int) throws -> (entries: [Entry], problem: (any Error)?) {
        var entries: [Entry] = []
        do {
            try list(archive, budget: budget, into: &entries)
            return (entries, nil)
        } catch let error as FileError {
            throw error
        } catch {
            // Once more, in the same memory: what comes before the end is found again.
            entries = []
            var whole = archive
            whole.extendMissing(to: archive.length + missingLimit)
            do { try list(whole, budget: budget, into: &entries) } catch let error as FileError { throw error } catch {}
            return (entries, error)
        }
    }

    /// Nothing in an archive is longer.
    private static let missingLimit: UInt64 = 1 << 50

    private static func list(_ archive: ExtentList, budget: Int, into entries: inout [Entry]) throws {
        var (indices, left) = ([TreePath: Int](), budget)
        try TarReader(archive).forEach { entry in
            guard let path = TreePath(entry.name) else {
                throw LayerError(entry: entry.name, reason: "a name with '..' or a NUL")
            }
            left -= 512 + 2 * path.bytes.count
            let kind: FileTree.Kind
            switch entry.content {
            case .node(let node): kind = node
            case .hardLink(let name):
                guard let target = TreePath(name), let index = indices[target] else {
                    throw LayerError(entry: entry.name, reason: "a hard link to a name that does not exist")
                }
                kind = entries[index].node.kind
            }
            if case .regular(let contents) = kind { left -= contents.extents.count * 64 }
            guard left >= 0 else {
                throw LayerError(entry: nil, reason: "too many names: the memory limit is reached")
            }
            indices[path] = entries.count
            entries.append(
                Entry(
                    path: path,
                    node: .init(kind, mode: entry.mode, uid: entry.uid, gid: entry.gid, modified: entry.modified)))
        }
    }
}
