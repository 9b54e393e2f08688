internal import DiskImage
internal import Extents

extension Recogniser {
    func qcow2(_ content: ExtentList) throws -> Part {
        let image = try QCOW2.read(content)
        var part = Part("qcow2 disk", size: content.length)
        part.add("version", image.version)
        part.add("disk bytes", image.size)
        part.add("cluster bytes", image.clusterSize)
        if image.snapshots > 0 { part.add("snapshots", image.snapshots) }
        if let file = image.backingFile { part.add("backing file", file) }
        var disk = SpooledDisk(try temporary(), size: image.size, limit: limits.pieces)
        var isCompressed = false
        try image.forEachCluster {
            isCompressed = isCompressed || $2
            try disk.add($1, at: $0, spooled: $2)
        }
        part.add("compressed", isCompressed ? "yes" : "no")
        part.children = try disk.contents(inner)
        return part
    }

    func vmdk(_ content: ExtentList) throws -> Part {
        let image = try VMDK.read(content)
        var part = Part("VMDK disk", size: content.length)
        part.add("disk bytes", image.size)
        part.add("grain bytes", image.grainSize)
        part.add("compressed", image.isCompressed ? "yes" : "no")
        for line in image.descriptor.split(separator: "\n") where line.hasPrefix("createType=") {
            part.add("type", line.dropFirst(11).filter { $0 != "\"" })
        }
        var disk = SpooledDisk(try temporary(), size: image.size, limit: limits.pieces)
        try image.forEachGrain { try disk.add($1, at: $0, spooled: image.isCompressed) }
        part.children = try disk.contents(inner)
        return part
    }

    func vhd(_ content: ExtentList) throws -> Part {
        let image = try VHD.read(content)
        var part = Part("VHD disk", size: content.length)
        part.add("kind", image.kind == .fixed ? "fixed" : "dynamic")
        part.add("disk bytes", image.size)
        if let size = image.blockSize { part.add("block bytes", size) }
        part.children = try inner(image.contents(), name: "").map { [$0] } ?? []
        return part
    }
}
