public import Archive
public import Extents

extension EROFS {
    /// The image of a tree, nothing compressed. Contents are extents of the tree's own, only metadata are made here: in memory, some
    /// 200 bytes a file and what files have below 4096 bytes.
    /// - Throws: `DiskImageError` naming the path for what EROFS cannot hold or a name without its directory; `FileError`, `ExtentError`.
    public static func image(of tree: FileTree, _ options: Options = Options()) throws -> ExtentList {
        var writer = try Writer(tree, options)
        try writer.placeFiles(nil)
        return try writer.finish(packed: ExtentList())
    }

    /// The image of a tree, files compressed with LZ4 where that saves blocks.
    /// - Parameters:
    ///   - level: 1 is LZ4's fast way, 2…12 are levels of LZ4HC.
    ///   - scratch: where the compressed clusters go; the image refers to this file.
    /// - Throws: as ``image(of:_:)``.
    public static func compressedImage(
        of tree: FileTree, _ options: Options = Options(), level: Int = 1, scratch: String
    ) throws -> ExtentList {
        var writer = try Writer(tree, options)
        try ExtentWriter.stream(to: scratch) { sink in
            var sink = sink
            try writer.placeFiles(Packer(level: level) { try sink.write($0) })
            try sink.flush()
        }
        return try writer.finish(packed: try ExtentList(file: scratch))
    }
}
