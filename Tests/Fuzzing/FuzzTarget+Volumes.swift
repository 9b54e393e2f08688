internal import DiskImage
internal import Extents
internal import TestSupport

extension FuzzTarget {
    /// File systems. What their files hold is read, up to a length that no small image has a right to.
    static let volumes = [
        FuzzTarget("fat") { bytes in
            // Behind its tables a volume is mostly empty.
            let reader = try FAT.Reader(ExtentList([.bytes(bytes), .hole(64 << 20)]))
            for entry in try reader.entries() where !entry.isDirectory { try drain(try reader.content(of: entry)) }
        },
        FuzzTarget("iso9660") { bytes in
            // The first 32 KiB are not the file system's.
            for entry in try ISO9660.read(ExtentList([.hole(32768), .bytes(bytes), .hole(4 << 20)]), limit: 1 << 16)
                .entries
            {
                if case .file(let list) = entry.kind { try drain(list) }
            }
        },
        FuzzTarget("erofs") { bytes in
            let reader = try EROFS.Reader(ExtentList(bytes: CheckSums.withoutThatOfEROFS(bytes)))
            try reader.walk { _, inode in
                if inode.isRegular || inode.isSymlink, inode.size < 4 << 20 { try? reader.read(inode) { _ in } }
            }
        },
    ]
}
