internal import Archive
internal import DiskImage
internal import Extents

/// How the bytes of a disk are put into a file.
struct DiskWrapping: Sendable {
    let kind: OutputFormat.Wrapping
    /// What the size of the disk must be a multiple of, in bytes.
    var sizeUnit: UInt64 = 1 << 20
    /// - Parameters:
    ///   - name: of the file.
    ///   - time: of what is in it, in seconds since 1970.
    let wrap: @Sendable (_ disk: ExtentList, _ name: String, _ time: UInt64) throws -> Artifact.Content
}

extension DiskWrapping {
    /// As they are.
    static let raw = DiskWrapping(kind: .raw) { disk, _, _ in .extents(disk) }

    static let qcow2 = DiskWrapping(kind: .qcow2) { disk, _, _ in .extents(QCOW2.encode(disk)) }

    static let qcow2Compressed = DiskWrapping(kind: .qcow2) { disk, _, _ in
        .seekable { try QCOW2.writeCompressed(disk, to: &$0) }
    }

    static let vmdk = DiskWrapping(kind: .vmdk) { disk, name, _ in
        .stream { try VMDK.writeStreamOptimized(disk, name: name, to: $0) }
    }

    static let vhd = DiskWrapping(kind: .vhd) { disk, _, _ in .extents(try VHD.fixed(disk)) }

    static let dynamicVHD = DiskWrapping(kind: .vhd) { disk, _, _ in .extents(try VHD.dynamic(disk)) }

    /// A sparse `disk.raw` in a tar with gzip.
    static let tarGzip = DiskWrapping(kind: .tarGzip, sizeUnit: GCPArchive.sizeUnit) { disk, _, time in
        let archive = try GCPArchive.encode(disk, modified: time)
        return .stream { try GzipPieces.compress(archive, to: $0) }
    }
}
