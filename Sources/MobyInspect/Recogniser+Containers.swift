internal import DiskImage
internal import Extents

extension Recogniser {
    func qcow2(_ content: ExtentList) throws -> Part {
        var part = Part("qcow2 disk", size: content.length)
        let image: QCOW2.Image
        do { image = try QCOW2.read(content) } catch let error as DiskImageError {
            image = try QCOW2.readHead(content)
            part.fault = "\(error)"
        }
        part.add("version", image.version)
        part.add("disk bytes", image.size)
        part.add("cluster bytes", image.clusterSize)
        if image.snapshots > 0 { part.add("snapshots", image.snapshots) }
        if let file = image.backingFile { part.add("backing file", file) }
        var disk = SpooledDisk(try temporary(), size: image.size, limit: limits.pieces)
        var isCompressed = false
        part.fault =
            try fault {
                try image.forEachCluster {
                    isCompressed = isCompressed || $2
                    try disk.add($1, at: $0, spooled: $2)
                }
            } ?? part.fault
        disk.isCutShort = part.fault != nil
        if !image.isHeadOnly { part.add("compressed", isCompressed ? "yes" : "no") }
        part.children = try disk.contents(inner)
        return part
    }

    func vmdk(_ content: ExtentList) throws -> Part {
        var part = Part("VMDK disk", size: content.length)
        let image: VMDK.Image
        do { image = try VMDK.read(content) } catch let error as DiskImageError {
            image = try VMDK.readHead(content)
            part.fault = "\(error)"
        }
        part.add("disk bytes", image.size)
        part.add("grain bytes", image.grainSize)
        part.add("compressed", image.isCompressed ? "yes" : "no")
        for line in image.descriptor.split(separator: "\n") where line.hasPrefix("createType=") {
            part.add("type", line.dropFirst(11).filter { $0 != "\"" })
        }
        var disk = SpooledDisk(try temporary(), size: image.size, limit: limits.pieces)
        part.fault = try fault { try image.forEachGrain { try disk.add($1, at: $0, spooled: image.isCompressed) } } ?? part.fault
        disk.isCutShort = part.fault != nil
        part.children = try disk.contents(inner)
        return part
    }

    func vhd(_ content: ExtentList) throws -> Part {
        let image = try VHD.salvage(content)
        var part = Part("VHD disk", size: content.length)
        if image.isCutShort { part.fault = "its end is missing or damaged, with the footer; the copy at the start is used" }
        part.add("kind", image.kind == .fixed ? "fixed" : "dynamic")
        part.add("disk bytes", image.size)
        if let size = image.blockSize { part.add("block bytes", size) }
        part.fault = try fault { part.children = try inner(image.contents(), name: "").map { [$0] } ?? [] } ?? part.fault
        return part
    }
}
