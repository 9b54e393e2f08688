import Archive
import Extents
import TestSupport

/// Layers with few names, so that they meet: files, folders, links, whiteouts, opaque folders, type changes, missing
/// parents.
struct RandomImage {
    private var numbers: Numbers
    private var serial = 0
    /// What was a file once, to link to.
    private var files: [TreePath] = []

    init(seed: UInt64) { numbers = Numbers(seed) }

    /// Of the entries that cannot be, such as a file below a file, only few are kept: one makes the whole image an
    /// error.
    mutating func layers() throws -> [ExtentList] {
        var layers: [[Entry]] = []
        for _ in 0..<Int.random(in: 1...6, using: &numbers) {
            var layer: [Entry] = []
            for _ in 0..<Int.random(in: 1...14, using: &numbers) { layer.append(try entry()) }
            layers.append(layer)
        }
        while let error = problem(of: layers), let index = error.layer {
            let name = error.entry.flatMap { TreePath($0) }
            guard Int.random(in: 0..<60, using: &numbers) > 0,
                let culprit = layers[index].firstIndex(where: { $0.path == name })
            else {
                break
            }
            layers[index].remove(at: culprit)
        }
        return layers.map(archive)
    }

    /// An entry's blocks, without the end of an archive.
    private struct Entry {
        let path: TreePath
        let bytes: [UInt8]
    }

    private func archive(_ entries: [Entry]) -> ExtentList {
        ExtentList(bytes: entries.flatMap(\.bytes) + [UInt8](repeating: 0, count: 1024))
    }

    private func problem(of layers: [[Entry]]) -> LayerError? {
        do {
            _ = try FileTree.flatten(layers: layers.map(archive))
            return nil
        } catch { return error as? LayerError }
    }

    private mutating func entry() throws -> Entry {
        let path = path()
        let mode = [0o644, 0o755, 0o600, 0o4755, 0o640].randomElement(using: &numbers) ?? 0
        serial += 1
        var node = FileTree.Node(.directory, mode: UInt16(mode) | 0o700, modified: Int64(serial * 1000))
        switch Int.random(in: 0..<20, using: &numbers) {
        case 0..<6:
            node.kind = .regular(ExtentList(bytes: Array("contents \(serial)".utf8)))
            node.mode = UInt16(mode)
            files.append(path)
        case 6..<12: break
        case 12, 13:
            node = .symlink(target())
            node.modified = Int64(serial * 1000)
        case 14, 15: return try write(path, node, linkTo: files.suffix(4).randomElement(using: &numbers) ?? self.path())
        case 16: node.kind = .fifo
        case 17: return try write(opaque(path), .file(""))
        default: return try write(whiteout(path), .file(""))
        }
        return try write(path, node)
    }

    private func write(_ path: TreePath, _ node: FileTree.Node, linkTo target: TreePath? = nil) throws -> Entry {
        let bytes = Bytes()
        let writer = TarWriter { bytes.all.append(contentsOf: $0) }
        try writer.add(path, node, linkTo: target)
        return Entry(path: path, bytes: bytes.all)
    }

    private mutating func component() -> String {
        ["a", "b", "c", "d", "caf\u{e9}"].randomElement(using: &numbers) ?? "a"
    }

    private mutating func path() -> TreePath {
        var parts: [String] = []
        for _ in 0..<Int.random(in: 1...3, using: &numbers) { parts.append(component()) }
        return TreePath(parts.joined(separator: "/").utf8) ?? .root
    }

    /// Up, down, absolute, and mostly to names that are there. Not down and up again: umoci goes through a file so, the
    /// kernel does not.
    private mutating func target() -> String {
        let start = ["", "", "/", "../", "./", "../../../", "c/./"].randomElement(using: &numbers) ?? ""
        return start + path().description
    }
}

private func opaque(_ path: TreePath) -> TreePath { TreePath(path.bytes + Array("/.wh..wh..opq".utf8)) ?? .root }

private func whiteout(_ path: TreePath) -> TreePath {
    TreePath(path.parent.bytes + Array("/.wh.".utf8) + path.name) ?? .root
}
