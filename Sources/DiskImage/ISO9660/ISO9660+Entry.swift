public import Extents

extension ISO9660 {
    /// A name of the file system.
    public struct Entry: Sendable {
        public enum Kind: Sendable {
            case directory
            case file(ExtentList)
            /// A file whose data lie in the EFI boot image, at a multiple of 2048 bytes from its start; in bytes.
            case shared(Range<UInt64>)
            case symlink([UInt8])
            case characterDevice(major: UInt32, minor: UInt32)
            case blockDevice(major: UInt32, minor: UInt32)
            case fifo
        }

        /// Names with slashes between them and none in front, e.g. `isolinux/isolinux.bin`; empty for the root directory.
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
            path: [UInt8], _ kind: Kind, mode: UInt16, uid: UInt32 = 0, gid: UInt32 = 0, modified: Int64 = 0, identity: Int? = nil
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
        /// What BIOS loads: ISOLINUX.
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
