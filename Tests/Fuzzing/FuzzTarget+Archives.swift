internal import Archive
internal import DiskImage
internal import Extents

extension FuzzTarget {
    private static let limit: UInt64 = 64 << 20

    static let archives = [
        FuzzTarget("tar") { bytes in
            let archive = ExtentList(bytes: bytes)
            _ = try Tar.salvage(archive, budget: 1 << 20)
            _ = try FileTree.flatten(layers: [archive, archive])
        },
        FuzzTarget("cpio") { bytes in
            let image = ExtentList(bytes: bytes)
            for (number, segment) in try CPIO.salvage(image, budget: 1 << 20).segments.enumerated() {
                for entry in segment.entries.indices.prefix(4) {
                    try CPIO.contents(of: image, segment: number, entry: entry, budget: 1 << 20) { _ in }
                }
            }
            _ = try FileTree(initramfs: image)
        },
        FuzzTarget("compressed") { bytes in try Compression.decompress(ExtentList(bytes: bytes), limit: limit) { _ in }
        },
        FuzzTarget("gcp") { bytes in
            var inspector = GCPArchiveInspector()
            try bytes.withUnsafeBytes { try inspector.write($0) }
            _ = try inspector.finish()
        },
    ]
}
