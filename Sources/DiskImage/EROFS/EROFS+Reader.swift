public import Archive
public import Extents

extension EROFS {
    /// Reads images, those of strangers too: whatever the bytes are, it ends with an error or with what they say, in memory bounded by
    /// what is asked for. It reads what `mkfs.erofs` makes by default, with LZ4 or without, and files in chunks.
    public struct Reader: Sendable {
        let image: ExtentList
        /// How many bytes of the image there are.
        private let stored: UInt64
        public let superblock: Superblock

        /// - Throws: `DiskImageError` for what is no EROFS, is damaged, or needs what is not known here; `FileError`, `ExtentError`.
        public init(_ image: ExtentList) throws {
            self.image = image
            stored = image.length
            superblock = try Superblock(of: image)
        }

        /// The length in bytes that the image has by its superblock.
        public var length: UInt64 { UInt64(superblock.blocks) * UInt64(blockSize) }

        /// The same of an image that was cut short: its places stay, reading what it lacks is an error.
        public var extended: Reader { Reader(self) }

        private init(_ reader: Reader) {
            var image = reader.image
            image.extendMissing(to: reader.length)
            (self.image, stored, superblock) = (image, reader.stored, reader.superblock)
        }

        /// Calls `body` with every name, directories before what they hold, in the order of names within a directory.
        /// - Throws: `DiskImageError`, `FileError`, `ExtentError`, or what `body` throws.
        public func walk(_ body: (TreePath, Inode) throws -> Void) throws {
            let root = try self.root
            try body(.root, root)
            var pending: [(path: TreePath, inode: Inode)] = [(.root, root)]
            var seen: Set<UInt64> = [root.nid]
            // Each directory is somewhere in the image, so that together they cannot be longer than it is.
            var budget = stored
            while let (path, folder) = pending.popLast() {
                guard folder.size <= budget else { throw fault("directories of more bytes than the image has") }
                budget -= folder.size
                var below: [(path: TreePath, inode: Inode)] = []
                for entry in try entries(of: folder) {
                    let inode = try inode(entry.nid)
                    guard let name = TreePath(path.isRoot ? entry.name : path.bytes + [0x2F] + entry.name), name.bytes.count < 4096 else {
                        throw fault("a path below '/\(path)' has 4096 bytes or more")
                    }
                    try body(name, inode)
                    guard inode.isDirectory else { continue }
                    guard seen.insert(inode.nid).inserted else { throw fault("'/\(name)' is a directory that has another name already") }
                    below.append((name, inode))
                }
                pending += below.reversed()
            }
        }

        /// What a path names; symlinks are not followed.
        /// - Returns: nil when there is nothing.
        public func find(_ path: TreePath) throws -> Inode? {
            var inode = try root
            for part in path.bytes.split(separator: 0x2F) {
                guard inode.isDirectory, let entry = try entries(of: inode).first(where: { $0.name.elementsEqual(part) }) else {
                    return nil
                }
                inode = try self.inode(entry.nid)
            }
            return inode
        }

        /// Hands on the contents of a file, or the target of a symlink, in pieces.
        /// - Throws: `DiskImageError`, `FileError`, `ExtentError`, or what `consume` throws.
        public func read(_ inode: Inode, _ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
            guard inode.hasContents else { throw fault("inode \(inode.nid) has no contents to read") }
            switch inode.layout {
            case .plain, .inline: try ExtentReader.read(try flat(inode), consume)
            case .packed, .packedShort: try Unpacker(self, inode).read(consume)
            case .chunks: try ExtentReader.read(try chunks(inode), consume)
            }
        }

        /// All contents at once.
        /// - Parameter limit: in bytes; more is an error.
        public func contents(of inode: Inode, limit: UInt64 = 16 << 20) throws -> [UInt8] {
            guard inode.size <= limit else { throw ExtentError.tooLong(length: inode.size, limit: limit) }
            var bytes: [UInt8] = []
            try read(inode) { bytes.append(contentsOf: $0) }
            return bytes
        }

        /// What is not compressed, as it lies in the image.
        private func flat(_ inode: Inode) throws -> ExtentList {
            let block = UInt64(blockSize)
            let tail = inode.layout == .inline ? inode.size % block : 0
            let whole = inode.size - tail
            let start = UInt64(inode.place) * block
            guard whole == 0 || (start <= image.length && whole <= image.length - start) else {
                throw fault("inode \(inode.nid) has \(inode.size) bytes from block \(inode.place), beyond the end of the image")
            }
            var list = whole == 0 ? ExtentList() : image[start..<start + whole]
            guard tail > 0 else { return list }
            guard inode.end % block + tail <= block, inode.end <= image.length, tail <= image.length - inode.end else {
                throw fault("the tail of inode \(inode.nid) crosses a block")
            }
            list.append(image[inode.end..<inode.end + tail])
            return list
        }

        func fault(_ text: String) -> DiskImageError {
            DiskImageError("EROFS image: \(text)", hint: "the image is damaged, or from a newer tool")
        }
    }
}
