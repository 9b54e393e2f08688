internal import Archive
internal import DiskImage
internal import Extents
internal import MachineModel

extension ArtifactDetector {
    /// An EFI executable; with `.linux` and `.initrd` it is a unified kernel image.
    func executable(_ content: ExtentList) throws -> Part {
        let headers = try PE.Headers(content, isWhole: false)
        let isUnified = headers.sections.contains { $0.name == ".linux" }
        var part = Part(isUnified ? "unified kernel image" : "EFI executable", size: content.length)
        part.add("machine", Self.title(ofMachine: headers.machine))
        part.add("signed", headers.certificates == nil ? "no" : "yes")
        let length = content.length
        let content = whole(content, length: max(headers.end, headers.certificates?.upperBound ?? 0), &part)
        var files: [Volume.File] = []
        for section in headers.sections {
            var child = Part("section", name: section.name, size: UInt64(section.range.count))
            child.add("offset", section.range.lowerBound)
            guard section.range.upperBound <= content.length, !section.range.isEmpty else {
                part.children.append(child)
                continue
            }
            if section.range.upperBound > length {
                child.damage = Self.cutShort(
                    length - min(length, section.range.lowerBound), of: UInt64(section.range.count))
            }
            let data = content[section.range]
            if section.name == ".cmdline" || section.name == ".uname", data.length <= 1 << 16 {
                let text = try damage {
                    child.add(
                        "text", String(decoding: try ExtentReader.bytes(of: data).prefix { $0 != 0 }, as: UTF8.self))
                }
                child.damage = child.damage ?? text
            }
            if let path = TreePath(section.name.utf8), !path.isRoot {
                files.append(Volume.File(path: path, kind: .regular, size: data.length, contents: .extents(data)))
            }
            if section.name == ".initrd" || section.name == ".linux", let inner = try inner(data, name: "") {
                child.children = [inner]
            }
            part.children.append(child)
        }
        if isUnified { part.volume = Volume(name: "uki", files: files) }
        return part
    }

    private static func title(ofMachine machine: UInt16) -> String {
        guard let architecture = Architecture(peMachine: machine) else { return "0x" + String(machine, radix: 16) }
        return architecture == .amd64 ? "x86-64" : architecture.name
    }

    /// An x86 kernel (Linux, Documentation/arch/x86/boot.rst): 0x202 "HdrS", 0x206 protocol u16, 0x20E where its
    /// version is, less 0x200.
    func kernel(_ content: ExtentList) throws -> Part {
        var part = Part("Linux kernel", size: content.length)
        guard content.length >= 0x210 else { throw InspectError("the kernel has only \(content.length) bytes") }
        let header = try content.bytes(at: 0x206, count: 10)
        part.add("boot protocol", "\(header[1]).\(header[0])")
        let offset = 0x200 + UInt64(header[8]) + UInt64(header[9]) << 8
        if offset > 0x200, offset < content.length {
            let text = try content.bytes(at: offset, count: Int(min(128, content.length - offset))).prefix { $0 != 0 }
            part.add("version", String(decoding: text, as: UTF8.self))
        }
        // 0x1F1 sectors of set-up code less one, 0x1F4 the rest in units of 16 bytes u32.
        let sizes = try content.bytes(at: 0x1F1, count: 7)
        let rest = sizes[3...6].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        _ = whole(content, length: (UInt64(sizes[0] == 0 ? 4 : sizes[0]) + 1) * 512 + rest * 16, &part)
        return part
    }

    func line(_ content: ExtentList) throws -> Part {
        var part = Part("command line", size: content.length)
        part.add("text", String(decoding: try ExtentReader.bytes(of: content).filter { $0 != 0x0A }, as: UTF8.self))
        return part
    }
}

extension ArtifactDetector {
    /// An initrd's archives, and the root that the kernel makes of them.
    func initrd(_ content: ExtentList) throws -> Part {
        let (segments, damage) = try CPIO.salvage(content, budget: names)
        var part = Part("initrd", size: content.length)
        part.damage = damage.map { "\($0)" }
        var files: [Volume.File] = []
        for (number, segment) in segments.enumerated() {
            try add(segment, number, to: &files)
        }
        let budget = limits.names
        part.volume = Volume(name: "initrd", files: files) { number, consume in
            try CPIO.contents(
                of: content, segment: Int(number >> 32), entry: Int(number & 0xFFFF_FFFF), budget: budget, consume)
        }
        let sources = try sources(segments, part.volume)
        for (number, segment) in segments.enumerated() {
            part.children.append(describe(segment, number + 1, sources.map { $0[number] } ?? Self.image(of: segment)))
        }
        return part
    }

    private func add(_ segment: CPIO.Segment, _ number: Int, to files: inout [Volume.File]) throws {
        var contents: [UInt32: (size: UInt64, contents: Volume.Contents)] = [:]
        for (index, entry) in segment.entries.enumerated() where entry.links > 1 {
            if case .regular(let list) = entry.node.kind, list.length > 0 {
                contents[entry.inode] = (list.length, .number(UInt64(number) << 32 | UInt64(index)))
            }
        }
        for (index, entry) in segment.entries.enumerated() {
            try spend(Volume.cost(entry.path))
            var own: (size: UInt64, contents: Volume.Contents) = (0, .number(UInt64(number) << 32 | UInt64(index)))
            if case .regular(let list) = entry.node.kind { own.size = list.length }
            // The name that has the contents may be any of those of a file.
            if entry.links > 1, own.size == 0, let linked = contents[entry.inode] { own = linked }
            files.append(Volume.File(entry.path, entry.node, size: own.size, contents: own.contents))
        }
    }

    private func describe(_ segment: CPIO.Segment, _ number: Int, _ source: String) -> Part {
        var part = Part("segment", name: String(number), size: UInt64(segment.range.count))
        part.add("offset", segment.range.lowerBound)
        part.add("compression", segment.format)
        part.add("names", segment.entries.count)
        let unpacked = segment.entries.reduce(UInt64(0)) { sum, entry in
            if case .regular(let list) = entry.node.kind { return sum &+ list.length }
            return sum
        }
        part.add("unpacked bytes", unpacked)
        if !source.isEmpty { part.add("source", source) }
        return part
    }

    /// The line of each segment in the last file, when it fits this initrd.
    private func sources(_ segments: [CPIO.Segment], _ volume: Volume?) throws -> [String]? {
        guard let volume else { return nil }
        let index = Volume.Index(volume)
        guard let path = index.find(Array("etc/moby/sentinel".utf8)), let file = index[path], file.kind == .regular,
            file.size <= 1 << 16
        else { return nil }
        var bytes: [UInt8] = []
        guard try damage({ try volume.read(file) { bytes.append(contentsOf: $0) } }) == nil else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().map(String.init)
        return lines.count == segments.count ? lines : nil
    }

    /// The container image's id when all that a segment holds belongs to one, else nothing.
    private static func image(of segment: CPIO.Segment) -> String {
        var images: Set<[UInt8]> = []
        for entry in segment.entries {
            let parts = entry.path.bytes.split(separator: 0x2F, maxSplits: 2)
            guard parts.first?.elementsEqual("images".utf8) == true else { return "" }
            if parts.count > 1 { images.insert(Array(parts[1])) }
            guard images.count < 2 else { return "" }
        }
        return images.first.map { "image " + String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
