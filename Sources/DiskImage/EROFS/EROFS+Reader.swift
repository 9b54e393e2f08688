public import Archive
public import Extents

extension EROFS {
    /// Reads images, those of strangers too: whatever the bytes are, it ends with an error or with what they say, in
    /// memory bounded by the request. It reads what `mkfs.erofs` makes by default, with LZ4 or without, and files
    /// in chunks.
    public struct Reader: Sendable {
        let image: ExtentList
        /// How many bytes of the image there are.
        private let stored: UInt64
        public let superblock: Superblock

        /// - Throws: `DiskImageError` for anything but an intact EROFS with known features; `FileError`,
        ///   `ExtentError`.
        public init(_ image: ExtentList) throws {
            self.image = image
            stored = image.length
            superblock = try Superblock(of: image)
        }

        /// The length in bytes that the image has by its superblock.
        public var length: UInt64 { UInt64(superblock.blocks) * UInt64(blockSize) }

        /// The same for a truncated image: offsets stay valid, reading lost bytes is an error.
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
                guard folder.size <= budget else { throw error("directories with more bytes than the image") }
                budget -= folder.size
                var below: [(path: TreePath, inode: Inode)] = []
                for entry in try entries(of: folder) {
                    let inode = try inode(entry.nid)
                    guard let name = TreePath(path.isRoot ? entry.name : path.bytes + [0x2F] + entry.name),
                        name.bytes.count < 4096
                    else {
                        throw error("a path below '/\(path)' has 4096 bytes or more")
                    }
                    try body(name, inode)
                    guard inode.isDirectory else { continue }
                    guard seen.insert(inode.nid).inserted else {
                        throw error("'/\(name)' is a directory with a second name")
                    }
                    below.append((name, inode))
                }
                pending += below.reversed()
            }
        }

        /// Hands on the contents of a file, or the target of a symlink, in pieces.
        /// - Throws: `DiskImageError`, `FileError`, `ExtentError`, or what `consume` throws.
        public func read(_ inode: Inode, _ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
            guard inode.hasContents else { throw error("inode \(inode.nid) has no contents") }
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

        /// Uncompressed data as ranges of the image.
        private func flat(_ inode: Inode) throws -> ExtentList {
            let block = UInt64(blockSize)
            let tail = inode.layout == .inline ? inode.size % block : 0
            let whole = inode.size - tail
            let start = UInt64(inode.union) * block
            guard whole == 0 || (start <= image.length && whole <= image.length - start) else {
                throw error(
                    "inode \(inode.nid) has \(inode.size) bytes from block \(inode.union), beyond the end of the image")
            }
            var list = whole == 0 ? ExtentList() : image[start..<start + whole]
            guard tail > 0 else { return list }
            guard inode.end % block + tail <= block, inode.end <= image.length, tail <= image.length - inode.end else {
                throw error("the tail of inode \(inode.nid) crosses a block")
            }
            list.append(image[inode.end..<inode.end + tail])
            return list
        }

        func error(_ text: String) -> DiskImageError {
            DiskImageError("EROFS image: \(text)", hint: "the image is damaged, or from a newer tool")
        }
    }
}

extension EROFS.Superblock {
    /// Reads and checks the superblock of an image.
    init(of image: ExtentList) throws {
        let start = UInt64(EROFS.superblockOffset)
        guard image.length >= start + UInt64(Self.length) else {
            throw DiskImageError(
                "\(image.length) bytes are no EROFS image",
                hint: "a superblock would end at byte \(start + UInt64(Self.length))")
        }
        let bytes = ByteView(try image.bytes(at: start, count: Self.length), "EROFS superblock")
        let magic = try bytes.u32le(0)
        guard magic == Self.magic else {
            throw DiskImageError(
                "no EROFS image: the number at byte 1024 is \(hexadecimal(magic)), expected \(hexadecimal(Self.magic))")
        }
        let bits = try bytes.u8(12)
        guard bits == EROFS.blockBits else {
            throw DiskImageError("EROFS image: blocks of 2^\(bits) bytes, expected \(EROFS.blockSize) bytes")
        }
        if try bytes.u32le(8) & 1 != 0 { try Self.check(image, bytes) }
        incompatible = EROFS.Features(rawValue: try bytes.u32le(80))
        let unknown = incompatible.subtracting([.zeroPadding, .configurations, .chunkedFiles])
        guard unknown.isEmpty else {
            throw DiskImageError("EROFS image: it needs \(Self.names(of: unknown)), which is not supported")
        }
        rootNode = try bytes.u16le(14)
        inodes = try bytes.u64le(16)
        time = Int64(bitPattern: try bytes.u64le(24))
        blocks = try bytes.u32le(36)
        metaBlock = try bytes.u32le(40)
        attributeBlock = try bytes.u32le(44)
        uuid = try bytes.slice(48, 16)
        label = try String(decoding: bytes.slice(64, 16).prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Of incompatible features (fs/erofs/erofs_fs.h).
    private static func names(of features: EROFS.Features) -> String {
        let known = [
            "zero padding", "cluster settings", "chunks", "more devices or algorithms", "tail packing", "fragments",
            "name prefixes",
            "48-bit blocks", "a metadata file",
        ]
        let names = (0..<32).filter { features.rawValue & 1 << $0 != 0 }.map {
            $0 < known.count ? known[$0] : "feature \($0)"
        }
        return names.joined(separator: ", ")
    }

    private static func check(_ image: ExtentList, _ bytes: ByteView) throws {
        let count = EROFS.blockSize - EROFS.superblockOffset
        guard image.length >= UInt64(EROFS.blockSize) else {
            throw DiskImageError("EROFS image: \(image.length) bytes, less than a block")
        }
        var block = try image.bytes(at: UInt64(EROFS.superblockOffset), count: count)
        for index in 4..<8 { block[index] = 0 }
        let found = CRC32C.register(block)
        let expected = try bytes.u32le(4)
        guard found == expected else {
            throw DiskImageError(
                "EROFS image: the check sum of the superblock is \(hexadecimal(found)), expected \(hexadecimal(expected))",
                hint: "the image is damaged")
        }
    }
}

private func hexadecimal(_ number: UInt32) -> String { "0x" + String(number, radix: 16) }

extension EROFS {
    /// A file, directory, link or device of an image.
    public struct Inode: Sendable {
        public let nid: UInt64
        let type: FileType
        /// Permission bits with set-user-ID, set-group-ID and sticky.
        public let mode: UInt16
        public let uid: UInt32
        public let gid: UInt32
        /// In bytes.
        public let size: UInt64
        /// Seconds since 1970.
        public let modified: Int64
        public let links: UInt32
        let layout: Layout
        let union: UInt32
        /// Where the attributes begin, in bytes of the image, and how many bytes there are.
        let attributes: Range<UInt64>
        /// Where inode and attributes end.
        var end: UInt64 { attributes.upperBound }

        public var isDirectory: Bool { type == .directory }
        public var isRegular: Bool { type == .regular }
        public var isSymlink: Bool { type == .symlink }
        var hasContents: Bool { isDirectory || isRegular || isSymlink }
    }
}

extension EROFS.Reader {
    public var root: EROFS.Inode {
        get throws {
            let root = try inode(UInt64(superblock.rootNode))
            guard root.isDirectory else { throw error("the root is not a directory") }
            return root
        }
    }

    /// The inode of a number.
    func inode(_ nid: UInt64) throws -> EROFS.Inode {
        let base = UInt64(superblock.metaBlock) * UInt64(EROFS.blockSize)
        guard base <= image.length, nid < (image.length - base) / UInt64(EROFS.slotSize) else {
            throw error("inode \(nid) is beyond the end of the image")
        }
        let start = base + nid * UInt64(EROFS.slotSize)
        let format = try ByteView(image.bytes(at: start, count: 2), "EROFS inode").u16le(0)
        let isExtended = format & 1 == 1
        guard let layout = EROFS.Layout(rawValue: format >> 1 & 7), format >> 4 == 0 else {
            throw error("inode \(nid) has the unknown format \(format)")
        }
        let length = isExtended ? 64 : 32
        let bytes = ByteView(try image.bytes(at: start, count: length), "EROFS inode")
        let mode = try bytes.u16le(4)
        guard let type = EROFS.FileType(mode: mode) else { throw error("inode \(nid) has the unknown mode \(mode)") }
        let count = UInt64(try bytes.u16le(2))
        let end = start + UInt64(length)
        let size = try isExtended ? bytes.u64le(8) : UInt64(bytes.u32le(8))
        guard size <= UInt64(Int64.max) else { throw error("inode \(nid) has \(size) bytes") }
        return try EROFS.Inode(
            nid: nid, type: type, mode: mode & 0o7777, uid: isExtended ? bytes.u32le(24) : UInt32(bytes.u16le(24)),
            gid: isExtended ? bytes.u32le(28) : UInt32(bytes.u16le(26)), size: size,
            modified: isExtended ? Int64(bitPattern: bytes.u64le(32)) : superblock.time,
            links: isExtended ? bytes.u32le(44) : UInt32(bytes.u16le(6)), layout: layout, union: bytes.u32le(16),
            attributes: end..<end + (count == 0 ? 0 : 12 + 4 * (count - 1)))
    }
}

extension EROFS.FileType {
    fileprivate init?(mode: UInt16) {
        let types: [EROFS.FileType] = [.regular, .directory, .characterDevice, .blockDevice, .fifo, .socket, .symlink]
        guard let type = types.first(where: { $0.modeBits == mode & 0o170000 }) else { return nil }
        self = type
    }
}
