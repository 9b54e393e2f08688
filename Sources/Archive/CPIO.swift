public import Extents

/// The initramfs archive format "newc" (kernel documentation, initramfs buffer format). One writer makes one whole
/// archive with its trailer.
///
/// An entry is a header of 110 ASCII bytes, the name with a NUL, zeros to a multiple of 4, the contents, zeros to a
/// multiple of 4:
/// ```
///   0 "070701"   then 13 numbers of 8 hexadecimal digits each:
///   6 inode     14 mode       22 uid        30 gid        38 links     46 modified   54 length
///  62 major     70 minor      78 rdev major 86 rdev minor 94 name length with NUL   102 check (0)
/// ```
public enum CPIO {
    /// Writes a tree under a prefix: parents of the prefix first (0755, root), then every name in order, then the
    /// trailer, padded to 4 bytes. Hard links are real links; the last of the names carries the contents. Inodes count
    /// from 1. Extended attributes cannot be represented, and times before 1970 or after 2106 become the nearest that
    /// can.
    /// - Parameter prefix: where the tree's root is to be. Its metadata are those of the tree's root, when it has one.
    /// - Throws: `CPIOError` naming the path for a file of 4 GiB or more or a name that the kernel would drop;
    ///   `FileError`, `ExtentError`, or what `sink` throws.
    public static func write(_ tree: FileTree, under prefix: TreePath = .root, to sink: inout some ByteSink) throws {
        var writer = CPIOWriter(tree)
        try writer.writeParents(of: prefix, to: &sink)
        for path in tree.paths { try writer.write(path, as: prefix.appending(path), to: &sink) }
        try writer.writeTrailer(to: &sink)
    }
}
