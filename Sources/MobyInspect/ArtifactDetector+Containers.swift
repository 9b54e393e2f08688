internal import Archive
internal import DiskImage
internal import Extents

extension ArtifactDetector {
    func qcow2(_ content: ExtentList) throws -> Part {
        var part = Part("qcow2 disk", size: content.length)
        let image = try read(content, &part, QCOW2.read, orHead: QCOW2.readHead)
        part.add("version", image.version)
        part.add("disk bytes", image.size)
        part.add("cluster bytes", image.clusterSize)
        if image.snapshots > 0 { part.add("snapshots", image.snapshots) }
        if let file = image.backingFile { part.add("backing file", file) }
        var disk = SpooledDisk(try temporary(), size: image.size, limit: limits.pieces)
        var isCompressed = false
        part.damage =
            try damage {
                try image.forEachCluster {
                    isCompressed = isCompressed || $2
                    try disk.add($1, at: $0, spooled: $2)
                }
            } ?? part.damage
        disk.isCutShort = part.damage != nil
        if !image.isHeadOnly { part.add("compressed", isCompressed ? "yes" : "no") }
        part.children = try disk.contents(inner)
        return part
    }

    /// Reads a container, or of a damaged one the head, with the damage as the part's error.
    private func read<Image>(
        _ content: ExtentList, _ part: inout Part, _ whole: (ExtentList) throws -> Image,
        orHead head: (ExtentList) throws -> Image
    ) throws -> Image {
        do { return try whole(content) } catch let error as DiskImageError {
            part.damage = "\(error)"
            return try head(content)
        }
    }

    func vmdk(_ content: ExtentList) throws -> Part {
        var part = Part("VMDK disk", size: content.length)
        let image = try read(content, &part, VMDK.read, orHead: VMDK.readHead)
        part.add("disk bytes", image.size)
        part.add("grain bytes", image.grainSize)
        part.add("compressed", image.isCompressed ? "yes" : "no")
        for line in image.descriptor.split(separator: "\n") where line.hasPrefix("createType=") {
            part.add("type", line.dropFirst(11).filter { $0 != "\"" })
        }
        var disk = SpooledDisk(try temporary(), size: image.size, limit: limits.pieces)
        part.damage =
            try damage { try image.forEachGrain { try disk.add($1, at: $0, spooled: image.isCompressed) } }
            ?? part.damage
        disk.isCutShort = part.damage != nil
        part.children = try disk.contents(inner)
        return part
    }

    func vhd(_ content: ExtentList) throws -> Part {
        let image = try VHD.salvage(content)
        var part = Part("VHD disk", size: content.length)
        if image.isCutShort {
            part.damage = "the footer at its end is missing or damaged; the copy at the start is used"
        }
        part.add("kind", image.kind == .fixed ? "fixed" : "dynamic")
        part.add("disk bytes", image.size)
        if let size = image.blockSize { part.add("block bytes", size) }
        part.damage =
            try damage { part.children = try inner(image.contents(), name: "").map { [$0] } ?? [] } ?? part.damage
        return part
    }
}

extension ArtifactDetector {
    /// A compressed file: an initrd is read as it is, anything else goes to a temporary file.
    func compressed(_ content: ExtentList, _ format: String) throws -> Part {
        if try begin(of: content).starts(with: "070701".utf8) { return try initrd(content) }
        let file = try temporary()
        var part = Part("\(format) file", size: content.length)
        part.damage = try damage { try Compression.decompress(content, limit: limits.plain) { try file.append($0) } }
        let plain = try file.contents()
        part.add("unpacked bytes", plain.length)
        // moby compresses nothing twice, and chains of compressed files are bombs.
        if case .compressed? = try FileType(of: plain) { throw InspectError("a \(format) file inside another") }
        // The start of a truncated file need not be a known type.
        part.children = part.damage == nil ? [try self.part(plain)] : [try inner(plain, name: "")].compactMap(\.self)
        return part
    }

    private struct Enough: Error {}

    /// The first plain bytes.
    private func begin(of content: ExtentList) throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            try Compression.decompress(content) {
                bytes.append(contentsOf: $0.prefix(16))
                if bytes.count >= 6 { throw Enough() }
            }
        } catch is Enough {} catch let error as CompressionError {
            // Whoever reads all of it meets the error again.
            if bytes.isEmpty { throw error }
        }
        return bytes
    }
}
