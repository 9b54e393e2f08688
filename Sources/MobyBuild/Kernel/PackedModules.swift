public import Archive
internal import Extents

/// Kernel modules that are compressed one by one, as most distributions ship them. They are unpacked at build: the
/// initrd is compressed as a whole, init need not ask what this kernel can unpack (`CONFIG_MODULE_DECOMPRESS`), and
/// modules are chosen by their contents.
public enum PackedModules {
    /// Changes whenever the unpacked archive does.
    static let version = 1

    private static let endings = [".ko.xz", ".ko.zst", ".ko.gz"]

    /// No module is near this size; a compressed one may claim any.
    private static let limit: UInt64 = 256 << 20

    /// Whether there is one in a tree.
    public static func arePresent(in tree: FileTree) -> Bool { tree.paths.contains { plain($0) != nil } }

    /// Writes a tree as a tar archive with its modules unpacked and its index of dependencies changed accordingly.
    /// - Throws: `BuildError` naming a module that is damaged; what `write` throws.
    public static func unpack(_ tree: FileTree, _ write: (UnsafeRawBufferPointer) throws -> Void) throws {
        try TarWriter.write(to: write) { tar in
            for path in tree.paths {
                guard var node = tree[path], !path.name.elementsEqual("modules.dep.bin".utf8) else { continue }
                let plain = plain(path)
                if plain != nil {
                    node.kind = try context("kernel module '\(path)'") { try unpacked(node.kind) }
                } else if path.name.elementsEqual("modules.dep".utf8), case .regular(let text) = node.kind {
                    node.kind = .regular(
                        ExtentList([.bytes(plainNames(in: try ExtentReader.bytes(of: text, limit: 64 << 20)))]))
                }
                try tar.add(plain ?? path, node)
            }
        }
    }

    /// `a/b.ko` of `a/b.ko.xz`; nil unless it is a compressed module.
    private static func plain(_ path: TreePath) -> TreePath? {
        guard let ending = endings.first(where: { path.bytes.ends(with: $0.utf8) }) else { return nil }
        return TreePath(path.bytes.dropLast(ending.utf8.count - ".ko".utf8.count))
    }

    private static func unpacked(_ kind: FileTree.Kind) throws -> FileTree.Kind {
        switch kind {
        case .regular(let content):
            var bytes: [UInt8] = []
            let packed = try ExtentReader.bytes(of: content, limit: limit)
            // What `decompress` does not know it hands on as it is.
            if packed.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A]) {
                try Compression.decompressForeign(packed[...]) { chunk in
                    guard UInt64(bytes.count + chunk.count) <= limit else {
                        throw CompressionError.tooLong(limit: limit)
                    }
                    bytes.append(contentsOf: chunk)
                }
            } else {
                try Compression.decompress(content, limit: limit) { bytes.append(contentsOf: $0) }
            }
            return .regular(ExtentList([.bytes(bytes)]))
        case .symlink(let target):
            let ending = endings.first { Array(target).ends(with: $0.utf8) }
            return .symlink(ending.map { Array(target.dropLast($0.utf8.count - ".ko".utf8.count)) } ?? target)
        default: return kind
        }
    }

    /// The text of `modules.dep` with the names of unpacked modules.
    static func plainNames(in text: [UInt8]) -> [UInt8] {
        let separators: [UInt8] = [0x3A, 0x20, 0x0A, 0x09]
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for byte in text {
            if separators.contains(byte), let ending = endings.first(where: { result.ends(with: $0.utf8) }) {
                result.removeLast(ending.utf8.count - ".ko".utf8.count)
            }
            result.append(byte)
        }
        return result
    }
}
