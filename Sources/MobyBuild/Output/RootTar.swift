internal import Archive
internal import Extents

/// The root as a tar, each entry with the records that say where it comes from.
struct RootTar: Sendable {
    let parts: [RootPart]

    /// Writes the whole archive.
    func write(_ write: (UnsafeRawBufferPointer) throws -> Void) throws {
        try withoutActuallyEscaping(write) { write in
            let tar = TarWriter(write)
            var made: Set<TreePath> = [.root]
            for part in parts { try add(part, to: tar, &made) }
            try tar.finish()
        }
    }

    /// SHA-256 as hexadecimal digits, and length in bytes, of what ``write(_:)`` writes.
    func digest() throws -> (digits: String, length: UInt64) {
        let hash = SHA256()
        var length: UInt64 = 0
        try write {
            hash.update($0)
            length += UInt64($0.count)
        }
        return (hash.finalize(), length)
    }

    private func add(_ part: RootPart, to tar: TarWriter, _ made: inout Set<TreePath>) throws {
        let records = ["LINUXKIT.source": part.source, "LINUXKIT.location": part.location]
        let tree = try part.tree()
        for parent in part.destination.parents where made.insert(parent).inserted {
            try tar.add(parent, FileTree.Node(.directory, mode: 0o755), records: records)
        }
        if tree[.root] == nil, made.insert(part.destination).inserted {
            try tar.add(part.destination, FileTree.Node(.directory, mode: 0o755), records: records)
        }
        try tar.add(tree, under: part.destination, records: records)
    }
}
