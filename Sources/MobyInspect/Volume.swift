public import Archive
internal import Extents

/// Files that paths reach: a file system, an archive, the sections of an executable.
public struct Volume: Sendable {
    /// One file, folder, link or device.
    public struct File: Sendable {
        /// The first letter of a line of `ls -l`.
        public enum Kind: Character, Sendable {
            case regular = "-"
            case directory = "d"
            case symlink = "l"
            case characterDevice = "c"
            case blockDevice = "b"
            case other = "p"
        }

        public let path: TreePath
        public internal(set) var kind: Kind
        /// In bytes.
        public internal(set) var size: UInt64 = 0
        /// Permission bits; nil where there are none.
        public internal(set) var mode: UInt16?
        public internal(set) var uid: UInt32 = 0
        public internal(set) var gid: UInt32 = 0
        /// Of a symlink.
        public internal(set) var target: [UInt8] = []
        var contents = Contents.none
    }

    /// Where the bytes of files come from.
    typealias Consumer = (UnsafeRawBufferPointer) throws -> Void

    enum Contents: Sendable {
        case none
        case extents(ExtentList)
        /// A number that the volume's reader knows.
        case number(UInt64)
    }

    /// The prefix of its paths, e.g. `esp`.
    public internal(set) var name: String
    /// Whether a path may have letters of the other case, as on FAT.
    var ignoresCase = false
    /// In the order of the volume; of equal paths the last one counts.
    public internal(set) var files: [File]
    /// Reads files whose contents are a number.
    var reader: @Sendable (UInt64, Consumer) throws -> Void = { _, _ in }

    /// Hands on the contents of a regular file, in pieces.
    func read(_ file: File, _ consume: Consumer) throws {
        switch file.contents {
        case .none: break
        case .extents(let list): try ExtentReader.read(list, consume)
        case .number(let number): try reader(number, consume)
        }
    }

    /// Hands on the contents of a regular file of this volume, in pieces.
    public func read(contentsOf file: File, _ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
        try read(file, consume)
    }

    /// SHA-256 of the contents of a regular file, in hexadecimal.
    public func sha256(of file: File) throws -> String {
        let hash = SHA256()
        try read(file) { hash.update($0) }
        return hash.finalize().hex
    }

    /// Bytes of all regular files.
    public var totalSize: UInt64 { files.reduce(0) { $0 &+ ($1.kind == .regular ? $1.size : 0) } }
}

extension Volume {
    /// About how many bytes of memory a name takes.
    static func cost(_ path: TreePath) -> Int { 192 + path.bytes.count }
}

extension Volume.File {
    /// - Parameters:
    ///   - size: of a regular file in bytes.
    ///   - contents: of a regular file.
    init(_ path: TreePath, _ node: FileTree.Node, size: UInt64, contents: Volume.Contents) {
        self.init(path: path, kind: .other, mode: node.mode, uid: node.uid, gid: node.gid)
        switch node.kind {
        case .regular: (kind, self.size, self.contents) = (.regular, size, contents)
        case .directory: kind = .directory
        case .symlink(let target): (kind, self.target) = (.symlink, target)
        case .characterDevice: kind = .characterDevice
        case .blockDevice: kind = .blockDevice
        case .fifo: break
        }
    }
}

extension Volume {
    /// A volume's files by path.
    struct Index: LinkedNames {
        private var indices: [TreePath: Int] = [:]
        private let volume: Volume

        init(_ volume: Volume) {
            self.volume = volume
            for (index, file) in volume.files.enumerated() { indices[key(file.path)] = index }
        }

        subscript(path: TreePath) -> File? { indices[key(path)].map { volume.files[$0] } }

        /// The form in which equal names of the volume are equal.
        private func key(_ path: TreePath) -> TreePath {
            guard volume.ignoresCase else { return path }
            return TreePath(String(decoding: path.bytes, as: UTF8.self).lowercased().utf8) ?? path
        }

        /// What a path leads to, as the volume spells it: symlinks are followed, `..` never leads out of the volume.
        /// - Returns: nil when nothing has the name.
        func find(_ path: [UInt8]) -> TreePath? {
            guard let found = resolve(path) else { return nil }
            // Archives need not name the folders of their files.
            return self[found]?.path ?? (found.isRoot || hasFiles(below: found) ? found : nil)
        }

        var hasAllDirectories: Bool { false }

        func entry(at path: TreePath) -> LinkedEntry? {
            guard let file = self[path] else { return nil }
            switch file.kind {
            case .directory: return .directory
            case .symlink: return .symlink(file.target)
            default: return .other("a file")
            }
        }

        private func hasFiles(below path: TreePath) -> Bool { volume.files.contains { $0.path.isInside(path) } }

        /// The files that count, at a path and below it, sorted.
        func files(in path: TreePath) -> [File] {
            indices.values.map { volume.files[$0] }.filter { $0.path.isInside(path) && !$0.path.isRoot }.sorted {
                $0.path < $1.path
            }
        }
    }
}
