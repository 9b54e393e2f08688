internal import Archive
internal import DiskImage
internal import Extents

extension ArtifactDetector {
    func gpt(_ content: ExtentList) throws -> Part {
        var part = Part("GPT disk", size: content.length)
        let content = whole(content, length: try GPT.Table.length(of: content) ?? 0, &part)
        let table = try GPT.Table(content)
        part.add("guid", table.disk)
        part.damage = table.problem.map { "the first table: \($0); the one at the disk's end is used" } ?? part.damage
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
        guard !entries.isEmpty else {
            throw InspectError("a boot sector without partitions or a known file system")
        }
        var part = Part("MBR disk", size: content.length)
        let content = whole(
            content, length: entries.filter { $0.type != 0xEE }.map(\.range.upperBound).max() ?? 0, &part)
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
            guard entry.type != 0xEE, range.lowerBound > 0, let inner = try inner(content[range], name: "") else {
                return partition
            }
            partition.children = [entry.type == 0xEF ? inner.named("esp") : inner]
            return partition
        }
    }

    /// An ISO 9660 image: its files, what firmware boots, and the partitions of a disk that it is copied to.
    func iso(_ content: ExtentList) throws -> Part {
        let (image, damage) = try ISO9660.salvage(content, limit: 1 << 18)
        var part = Part("ISO 9660 image", size: content.length)
        part.damage = damage.map { "\($0)" }
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
        var entries: [MBR.Entry] = []
        // Most images have no table of partitions, which is not damage.
        _ = try self.damage { entries = try MBR.entries(of: whole) }
        guard entries.contains(where: { $0.type != 0xEE }) else { return part }
        // Their contents were shown already.
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

extension ArtifactDetector {
    func fat(_ content: ExtentList) throws -> Part {
        var part = Part("FAT volume", size: content.length)
        let reader = try FAT.Reader(whole(content, length: FAT.Reader.length(of: content), &part))
        part.kind = "\(reader.geometry.kind.rawValue) volume"
        if !reader.label.isEmpty { part.add("label", reader.label) }
        part.add("cluster bytes", reader.geometry.clusterLength)
        var files: [Volume.File] = []
        var entries: [FAT.Reader.Entry] = []
        let damage = try damage { try reader.entries(into: &entries) }
        part.damage = part.damage ?? damage
        let found = entries
        for (number, entry) in found.enumerated() {
            guard let path = TreePath(entry.path.utf8) else {
                throw InspectError("'\(PlainText.of(entry.path))' is not a valid path")
            }
            try spend(2 * Volume.cost(path))
            files.append(
                Volume.File(
                    path: path, kind: entry.isDirectory ? .directory : .regular, size: entry.size,
                    contents: .number(UInt64(number))))
        }
        var volume = Volume(name: "fat", files: files) { number, consume in
            try ExtentReader.read(try reader.content(of: found[Int(number)]), consume)
        }
        volume.ignoresCase = true
        part.volume = volume
        part.children = try inside(volume) { number in try reader.content(of: found[Int(number)]) }
        return part
    }

    func volume(_ image: ISO9660.Volume) throws -> Volume {
        var files: [Volume.File] = []
        for entry in image.entries {
            guard let path = TreePath(entry.path) else {
                throw InspectError("'\(PlainText.of(entry.path))' is not a valid path")
            }
            try spend(2 * Volume.cost(path))
            var file = Volume.File(path: path, kind: .other, mode: entry.mode, uid: entry.uid, gid: entry.gid)
            switch entry.kind {
            case .directory: file.kind = .directory
            case .file(let list): (file.kind, file.size, file.contents) = (.regular, list.length, .extents(list))
            case .symlink(let target): (file.kind, file.target) = (.symlink, target)
            case .characterDevice: file.kind = .characterDevice
            case .blockDevice: file.kind = .blockDevice
            case .shared, .fifo: break
            }
            files.append(file)
        }
        return Volume(name: "cd", files: files)
    }

    func erofs(_ content: ExtentList) throws -> Part {
        var part = Part("EROFS volume", size: content.length)
        var reader = try EROFS.Reader(content)
        if reader.length > content.length {
            part.damage = Self.cutShort(content.length, of: reader.length)
            reader = reader.extended
        }
        let source = reader
        part.add("uuid", reader.superblock.uuidText)
        if !reader.superblock.label.isEmpty { part.add("label", reader.superblock.label) }
        var (files, inodes) = ([Volume.File](), [EROFS.Inode]())
        let damage = try damage {
            try source.walk { path, inode in
                try spend(Volume.cost(path) + 160)
                files.append(try Self.file(path, inode, of: source, number: UInt64(inodes.count)))
                inodes.append(inode)
            }
        }
        part.damage = part.damage ?? damage
        let found = inodes
        part.volume = Volume(name: "root", files: files) { number, consume in
            try source.read(found[Int(number)], consume)
        }
        return part
    }

    private static func file(_ path: TreePath, _ inode: EROFS.Inode, of reader: EROFS.Reader, number: UInt64) throws
        -> Volume.File
    {
        let kind: Volume.File.Kind =
            inode.isDirectory ? .directory : inode.isRegular ? .regular : inode.isSymlink ? .symlink : .other
        let target = inode.isSymlink ? try reader.contents(of: inode, limit: 4096) : []
        return Volume.File(
            path: path, kind: kind, size: inode.isRegular ? inode.size : 0, mode: inode.mode, uid: inode.uid,
            gid: inode.gid, target: target, contents: inode.isRegular ? .number(number) : .none)
    }

    func tar(_ content: ExtentList) throws -> Part {
        var part = Part("tar archive", size: content.length)
        var files: [Volume.File] = []
        let (entries, damage) = try Tar.salvage(content, budget: names)
        part.damage = try damage.map { "\($0)" } ?? Self.missingEnd(of: content)
        for entry in entries {
            try spend(Volume.cost(entry.path) + 128)
            var list = ExtentList()
            if case .regular(let contents) = entry.node.kind { list = contents }
            files.append(Volume.File(entry.path, entry.node, size: list.length, contents: .extents(list)))
        }
        let volume = Volume(name: "tar", files: files)
        part.volume = volume
        part.children = try inside(volume)
        return part
    }

    /// An archive ends with blocks of zeros (POSIX, pax): one that was cut between two files is known by that alone.
    private static func missingEnd(of archive: ExtentList) throws -> String? {
        let count = min(512, archive.length)
        let isThere = try archive.bytes(at: archive.length - count, count: Int(count)).allSatisfy { $0 == 0 }
        return isThere ? nil : "it has no block of zeros at its end and may be truncated"
    }

    /// The files of a volume that are artifacts themselves.
    func inside(_ volume: Volume, _ content: (UInt64) throws -> ExtentList = { _ in ExtentList() }) throws -> [Part] {
        var found: [Part] = []
        for file in volume.files where file.kind == .regular && file.size > 0 && Self.isBootFile(file.path) {
            let list: ExtentList
            switch file.contents {
            case .none: continue
            case .extents(let extents): list = extents
            case .number(let number): list = try content(number)
            }
            if let part = try inner(list, name: String(decoding: file.path.bytes, as: UTF8.self)) { found.append(part) }
        }
        return found
    }

    /// Whether a name says that something boots from it, or that it holds files of an image.
    private static func isBootFile(_ path: TreePath) -> Bool {
        let whole = String(decoding: path.bytes, as: UTF8.self).lowercased()
        let name = String(decoding: path.name, as: UTF8.self).lowercased()
        if whole.hasPrefix("blobs/sha256/") || name.contains("initrd") || name.contains("initramfs") { return true }
        return [".efi", ".img", ".raw", ".tar"].contains { name.hasSuffix($0) }
            || ["kernel", "bzimage", "vmlinuz"].contains(name)
    }
}
