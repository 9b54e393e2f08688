public import Archive
internal import Extents

/// Files that paths reach: a file system, an archive, the sections of an executable.
public struct Volume: Sendable {
    /// One file, folder, link or device.
    public struct File: Sendable {
        /// What `ls -l` begins a line with.
        public enum Kind: Character, Sendable {
            case regular = "-"
            case directory = "d"
            case symlink = "l"
            case characterDevice = "c"
            case blockDevice = "b"
            case other = "p"
        }

        public let path: TreePath
        public let kind: Kind
        /// In bytes.
        public let size: UInt64
        /// Permission bits; nil where there are none.
        public let mode: UInt16?
        public let uid: UInt32
        public let gid: UInt32
        /// Of a symlink.
        public let target: [UInt8]
        let contents: Contents

        init(
            _ path: TreePath, _ kind: Kind, size: UInt64 = 0, mode: UInt16? = nil, uid: UInt32 = 0, gid: UInt32 = 0, target: [UInt8] = [],
            contents: Contents = .none
        ) {
            (self.path, self.kind, self.size, self.mode) = (path, kind, size, mode)
            (self.uid, self.gid, self.target, self.contents) = (uid, gid, target, contents)
        }
    }

    /// Where the bytes of files come from.
    typealias Consumer = (UnsafeRawBufferPointer) throws -> Void

    enum Contents: Sendable {
        case none
        case extents(ExtentList)
        /// A number that the volume's reader knows.
        case number(UInt64)
    }

    /// What paths are prefixed with, e.g. `esp`.
    public internal(set) var name: String
    /// Whether a path may have letters of the other case, as on FAT.
    var ignoresCase = false
    /// In the order of the volume; of equal paths the last one counts.
    public internal(set) var files: [File]
    /// Reads files whose contents are a number.
    let reader: @Sendable (UInt64, Consumer) throws -> Void

    init(_ name: String, _ files: [File], reader: @escaping @Sendable (UInt64, Consumer) throws -> Void = { _, _ in }) {
        (self.name, self.files, self.reader) = (name, files, reader)
    }

    /// Hands on the contents of a regular file, in pieces.
    func read(_ file: File, _ consume: Consumer) throws {
        switch file.contents {
        case .none: break
        case .extents(let list): try ExtentReader.read(list, consume)
        case .number(let number): try reader(number, consume)
        }
    }

    /// Bytes of all regular files.
    public var totalSize: UInt64 { files.reduce(0) { $0 &+ ($1.kind == .regular ? $1.size : 0) } }
}
