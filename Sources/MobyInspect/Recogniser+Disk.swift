internal import DiskImage
internal import Extents

extension Recogniser {
    func gpt(_ content: ExtentList) throws -> Part {
        var part = Part("GPT disk", size: content.length)
        let content = whole(content, length: GPT.Table.length(of: content) ?? 0, &part)
        let table = try GPT.Table(content)
        part.add("guid", table.disk)
        part.fault = table.fault.map { "the first table: \($0); the one at the disk's end is used" } ?? part.fault
        for entry in table.entries {
            var partition = Part("partition \(entry.number)", name: entry.name, size: UInt64(entry.range.count))
            partition.add("offset", entry.range.lowerBound)
            partition.add("type", Self.name(of: entry.type))
            partition.add("guid", entry.guid)
            if let inner = try inner(content[entry.range], name: "") { partition.children = [inner] }
            if entry.type == .efiSystem { partition.children = partition.children.map { $0.named("esp") } }
            part.children.append(partition)
        }
        return part
    }

    private static func name(of type: GUID) -> String {
        switch type {
        case .efiSystem: "EFI system"
        case .biosBoot: "BIOS boot"
        case .linuxFileSystem: "Linux file system"
        default: type.description
        }
    }

    func mbr(_ content: ExtentList) throws -> Part {
        let entries = try MBR.entries(of: content, isWhole: false)
        guard !entries.isEmpty else { throw InspectError("a boot sector without partitions or a file system that is known") }
        var part = Part("MBR disk", size: content.length)
        let content = whole(content, length: entries.filter { $0.type != 0xEE }.map(\.range.upperBound).max() ?? 0, &part)
        part.children = try partitions(entries, of: content)
        return part
    }

    func partitions(_ entries: [MBR.Entry], of content: ExtentList) throws -> [Part] {
        try entries.enumerated().map { number, entry in
            let range = entry.range.clamped(to: 0..<content.length)
            var partition = Part("partition \(number + 1)", size: UInt64(range.count))
            partition.add("offset", entry.range.lowerBound)
            partition.add("type", "0x" + String(entry.type, radix: 16))
            if entry.isActive { partition.add("active", "yes") }
            guard entry.type != 0xEE, range.lowerBound > 0, let inner = try inner(content[range], name: "") else { return partition }
            partition.children = [entry.type == 0xEF ? inner.named("esp") : inner]
            return partition
        }
    }

    /// An ISO 9660 image: its files, what firmware boots, and the partitions of a disk that it is copied to.
    func disc(_ content: ExtentList) throws -> Part {
        let (image, fault) = try ISO9660.salvage(content, limit: 1 << 18)
        var part = Part("ISO 9660 image", size: content.length)
        part.fault = fault.map { "\($0)" }
        var whole = content
        whole.extendMissing(to: image.size)
        part.add("volume id", image.volumeID)
        let volume = try volume(image)
        part.volume = volume
        part.children = try inside(volume)
        for entry in image.bootEntries {
            let platform = entry.platform == 0 ? "BIOS" : entry.platform == 0xEF ? "UEFI" : "platform \(entry.platform)"
            var boot = Part("El Torito entry", name: platform, size: entry.length)
            boot.add("offset", entry.offset)
            if entry.platform == 0xEF, entry.offset < whole.length {
                let end = entry.length == 0 ? whole.length : min(whole.length, entry.offset + entry.length)
                if let inner = try inner(whole[entry.offset..<end], name: "") { boot.children = [inner.named("esp")] }
            }
            part.children.append(boot)
        }
        guard let entries = try? MBR.entries(of: whole), entries.contains(where: { $0.type != 0xEE }) else { return part }
        // What they hold was shown already.
        part.children += entries.enumerated().map { number, entry in
            var partition = Part("partition \(number + 1)", size: UInt64(entry.range.count))
            partition.add("offset", entry.range.lowerBound)
            partition.add("type", "0x" + String(entry.type, radix: 16))
            return partition
        }
        return part
    }
}

extension Part {
    /// The part with its volume under another name.
    func named(_ name: String) -> Part {
        var part = self
        part.volume?.name = name
        return part
    }
}
