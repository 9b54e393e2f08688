public import Archive
public import Extents

/// CD images: ISO 9660 (ECMA-119) with Rock Ridge (IEEE P1282) for names, owners, modes, links and devices, and El
/// Torito 1.0 to boot from. Sectors have 2048 bytes.
///
/// ```
/// sector 0-15     system area: zeros, or a master boot record for a disk that the image is copied to
/// sector 16       primary volume descriptor
///   then          boot record, when it boots; terminator; path tables, little-endian then big-endian
///   then          directories in the order of the path table, each with its Rock Ridge continuation area
///   then          boot catalog, when it boots
///   then          files in the order they were given; what has 4 GiB or more has several extents
/// at a MiB        the EFI system partition, when there is one
/// ```
public enum ISO9660 {
    static let sector: UInt64 = 2048
    static let firstDescriptor: UInt64 = 16
    /// The longest extent of a file: 4 GiB less a sector.
    static let extentLimit: UInt64 = 0xffff_f800
    static let diskAlignment: UInt64 = 1 << 20

    /// A whole image, padded to 1 MiB when it is to boot from a disk too.
    /// - Parameters:
    ///   - entries: in the order of their data. Parent directories that are not listed
    ///     have mode 0755.
    ///   - volumeID: at most 32 of `A-Z`, `0-9`, `_`.
    ///   - time: of the volume and the directories that are not named, in seconds since 1970.
    /// - Throws: `DiskImageError` for names that cannot be, names twice, too much of everything; `FileError`,
    ///   `ExtentError` for the files of `boot`.
    public static func image(_ entries: [Entry], volumeID: String, time: Int64 = 0, boot: Boot = Boot()) throws
        -> ExtentList
    {
        try check(volumeID)
        let tree = try Tree(entries, time: time)
        let layout = try Layout(tree, boot)
        var image = ExtentList(bytes: try layout.systemArea())
        image.pad(to: firstDescriptor * sector)
        image.append(.bytes(layout.primaryDescriptor(volumeID: volumeID, time: time)))
        if boot.isBootable { image.append(.bytes(layout.bootRecord)) }
        image.append(.bytes(terminator))
        for table in [layout.pathTable(bigEndian: false), layout.pathTable(bigEndian: true)] {
            image.append(.bytes(table))
            image.pad(toMultipleOf: sector)
        }
        for directory in tree.directories { image.append(.bytes(layout.bytes(of: directory))) }
        if boot.isBootable { image.append(.bytes(try layout.bootCatalog())) }
        for file in layout.files where file.content.length > 0 {
            image.pad(to: UInt64(file.sector) * sector)
            image.append(try layout.content(of: file))
        }
        if let efi = boot.efi {
            image.pad(to: layout.efiSector * sector)
            image.append(efi)
        }
        image.pad(to: layout.sectors * sector)
        return image
    }

    private static func check(_ volumeID: String) throws {
        let isLegal = volumeID.utf8.allSatisfy {
            $0.isASCIIUppercase || $0.isASCIIDigit || $0 == 0x5f
        }
        guard (1...32).contains(volumeID.utf8.count), isLegal else {
            throw DiskImageError("volume id '\(volumeID)', expected 1 to 32 of A-Z, 0-9 and _")
        }
    }
}

extension ISO9660 {
    /// A name of the file system.
    public struct Entry: Sendable {
        public enum Kind: Sendable {
            case directory
            case file(ExtentList)
            /// A file whose data are in the EFI boot image, at a multiple of 2048 bytes from its start; in bytes.
            case shared(Range<UInt64>)
            case symlink([UInt8])
            case characterDevice(major: UInt32, minor: UInt32)
            case blockDevice(major: UInt32, minor: UInt32)
            case fifo
        }

        /// Names with slashes between them and none in front, e.g. `isolinux/isolinux.bin`; empty for the root
        /// directory.
        public var path: [UInt8]
        public var kind: Kind
        /// Permission bits with set-user-ID, set-group-ID and sticky: twelve bits.
        public var mode: UInt16
        public var uid: UInt32
        public var gid: UInt32
        /// Seconds since 1970.
        public var modified: Int64
        /// Entries with the same number are hard links of one file: their data are stored once.
        public var identity: Int?

        public init(
            path: [UInt8], _ kind: Kind, mode: UInt16, uid: UInt32 = 0, gid: UInt32 = 0, modified: Int64 = 0,
            identity: Int? = nil
        ) {
            (self.path, self.kind, self.mode, self.uid, self.gid) = (path, kind, mode, uid, gid)
            (self.modified, self.identity) = (modified, identity)
        }

        /// A file of root with mode 0644.
        public init(_ path: String, _ content: ExtentList, modified: Int64 = 0) {
            self.init(path: Array(path.utf8), .file(content), mode: 0o644, modified: modified)
        }
    }

    /// How an image boots.
    public struct Boot: Sendable {
        /// The loader for BIOS: ISOLINUX.
        public struct BIOS: Sendable {
            /// The path of `isolinux.bin` among the entries. It is given its boot information table.
            public var loader: String
            /// SYSLINUX's `isohdpfx.bin`, 432 bytes, which finds the loader on a disk that the image was copied to.
            public var diskCode: [UInt8]

            public init(loader: String, diskCode: [UInt8]) {
                (self.loader, self.diskCode) = (loader, diskCode)
            }
        }

        public var bios: BIOS?
        /// A FAT volume with `EFI/BOOT/BOOTX64.EFI`.
        public var efi: ExtentList?
        /// Bytes that the signature of the disk is derived from.
        public var identity: [UInt8]

        public init(bios: BIOS? = nil, efi: ExtentList? = nil, identity: [UInt8] = []) {
            (self.bios, self.efi, self.identity) = (bios, efi, identity)
        }

        var isBootable: Bool { bios != nil || efi != nil }
    }
}

extension ISO9660 {
    /// Of a name that Linux reads whole, in bytes: fs/isofs/rock.c takes less than 254.
    static let linuxNameLimit = 253
    /// Of a symbolic link's target, in bytes: a page of fs/isofs/rock.c less a NUL.
    static let linuxTargetLimit = 4095
    /// Extents of a file that fs/isofs/inode.c follows.
    static let linuxExtentLimit: UInt64 = 100

    /// The names of a tree in their order, for a root that Linux mounts. Names of one node are hard links of one file;
    /// extended attributes are left out: the format has no field for them.
    /// - Throws: `DiskImageError` naming the path for what Linux would not read as it is.
    public static func entries(of tree: FileTree) throws -> [Entry] {
        try tree.paths.compactMap { path in
            guard let node = tree[path], let identity = tree.identity(of: path) else { return nil }
            guard path.name.count <= linuxNameLimit else {
                throw DiskImageError(
                    "'/\(path)': a name of \(path.name.count) bytes, Linux reads \(linuxNameLimit) from ISO 9660")
            }
            let kind = try kind(of: node, path)
            return Entry(
                path: path.bytes, kind, mode: node.mode, uid: node.uid, gid: node.gid, modified: node.modified,
                identity: kind.isDirectory ? nil : identity)
        }
    }

    private static func kind(of node: FileTree.Node, _ path: TreePath) throws -> Entry.Kind {
        switch node.kind {
        case .directory: return .directory
        case .regular(let contents):
            guard contents.length <= linuxExtentLimit * extentLimit else {
                throw DiskImageError(
                    "'/\(path)': \(contents.length) bytes, Linux reads \(linuxExtentLimit * extentLimit) from ISO 9660")
            }
            return .file(contents)
        case .symlink(let target):
            guard target.count <= linuxTargetLimit else {
                throw DiskImageError(
                    "'/\(path)': a link's target of \(target.count) bytes, Linux reads \(linuxTargetLimit) from ISO 9660"
                )
            }
            return .symlink(target)
        case .characterDevice(let major, let minor):
            try check(major, minor, path)
            return .characterDevice(major: major, minor: minor)
        case .blockDevice(let major, let minor):
            try check(major, minor, path)
            return .blockDevice(major: major, minor: minor)
        case .fifo: return .fifo
        }
    }

    private static func check(_ major: UInt32, _ minor: UInt32, _ path: TreePath) throws {
        guard major == 0, minor > 255 else { return }
        throw DiskImageError(
            "'/\(path)': device 0:\(minor), which Linux reads as \(minor >> 8):\(minor & 0xFF) from ISO 9660")
    }
}

extension ISO9660.Entry.Kind {
    fileprivate var isDirectory: Bool {
        if case .directory = self { return true }
        return false
    }
}
