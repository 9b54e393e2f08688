internal import DiskImage
internal import Extents

extension FuzzTarget {
    /// Whole artifacts, disks, and what disks are wrapped in.
    static let disks = [
        FuzzTarget("inspect") { bytes in
            guard Look.at(ExtentList(bytes: bytes), scratch: "/var/tmp") else { throw NoArtifact() }
        },
        FuzzTarget("gpt") { bytes in
            // What a table says counts here, not that a random one has a wrong check sum.
            var disk = ExtentList(bytes: CheckSums.ofGPT(bytes))
            disk.pad(to: max(4 << 20, disk.length))
            _ = try GPT.Table(disk)
        },
        FuzzTarget("mbr") { bytes in _ = try MBR.entries(of: ExtentList([.bytes(bytes), .hole(1 << 30)])) },
        FuzzTarget("pe") { bytes in _ = try PE.Headers(ExtentList([.bytes(bytes), .hole(1 << 20)])) },
        FuzzTarget("qcow2") { bytes in
            _ = try QCOW2.references(ExtentList(bytes: bytes))
            try QCOW2.read(ExtentList(bytes: bytes)).forEachCluster { _, cluster, _ in try drain(cluster) }
        },
        FuzzTarget("vmdk") { bytes in
            _ = try VMDK.references(ExtentList(bytes: bytes))
            try VMDK.read(ExtentList(bytes: bytes)).forEachGrain { _, grain in try drain(grain) }
        },
        FuzzTarget("vhd") { bytes in
            _ = try VHD.references(ExtentList(bytes: bytes))
            _ = try VHD.read(ExtentList(bytes: CheckSums.ofVHD(bytes))).contents()
        },
    ]

    private struct NoArtifact: Error {}

    static func drain(_ list: ExtentList) throws { try ExtentReader.read(list) { _ in } }
}
