internal import Extents

/// Writes one POSIX pax tar archive, entry by entry, with the same bytes for the same entries.
public final class TarWriter {
    private let write: (UnsafeRawBufferPointer) throws -> Void
    private var scratch = Scratch()

    /// Writes one archive: what `fill` adds, and its end.
    /// - Parameter write: takes the archive's bytes in order.
    public static func write(
        to write: (UnsafeRawBufferPointer) throws -> Void, _ fill: (TarWriter) throws -> Void
    ) throws {
        try withoutActuallyEscaping(write) { write in
            let tar = TarWriter(write)
            try fill(tar)
            try tar.finish()
        }
    }

    /// - Parameter write: takes the archive's bytes in order.
    public init(_ write: @escaping (UnsafeRawBufferPointer) throws -> Void) { self.write = write }

    /// Adds every name of a tree in order below a prefix. `records` become pax records of each entry, e.g.
    /// `LINUXKIT.source`. The first name of hard-linked ones has the contents.
    /// - Throws: what the archive's taker throws, `FileError`, `ExtentError`.
    public func add(_ tree: FileTree, under prefix: TreePath = .root, records: [String: String] = [:]) throws {
        var written: [Int: TreePath] = [:]
        let linked = tree.linkedIdentities
        for path in tree.paths {
            guard let node = tree[path], let identity = tree.identity(of: path) else { continue }
            let name = prefix.appending(path)
            try add(name, node, linkTo: written[identity], records: records)
            if written[identity] == nil, linked.contains(identity) { written[identity] = name }
        }
    }

    /// Adds one entry.
    /// - Parameter target: an earlier entry that this is another name of; the contents are not written again.
    /// - Throws: what the archive's taker throws, `FileError`, `ExtentError`.
    public func add(
        _ path: TreePath, _ node: FileTree.Node, linkTo target: TreePath? = nil, records: [String: String] = [:]
    ) throws {
        let header = TarHeader(path, node, linkTo: target, records: records)
        try put(header.bytes)
        guard header.length > 0, case .regular(let contents) = node.kind else { return }
        try ExtentReader.read(contents, with: &scratch, write)
        let rest = Int(header.length % 512)
        if rest > 0 { try put([UInt8](repeating: 0, count: 512 - rest)) }
    }

    /// Adds a file of root, mode 0644, whose contents are made as they are written.
    /// - Parameter length: of the contents in bytes; `produce` must hand on just as many.
    /// - Throws: what `produce` or the archive's taker throws.
    public func addFile(
        _ path: TreePath, length: UInt64, _ produce: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        let node = FileTree.Node(.regular(ExtentList([.hole(length)])), mode: 0o644)
        try put(TarHeader(path, node, linkTo: nil, records: [:]).bytes)
        var written: UInt64 = 0
        try produce {
            written += UInt64($0.count)
            try write($0)
        }
        precondition(written == length, "\(written) bytes of a file that was announced with \(length)")
        try put([UInt8](repeating: 0, count: Int((512 - length % 512) % 512)))
    }

    /// Ends the archive with two blocks of zeros.
    public func finish() throws { try put([UInt8](repeating: 0, count: 1024)) }

    private func put(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }
}
