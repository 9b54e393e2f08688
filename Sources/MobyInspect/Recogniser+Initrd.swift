internal import Archive
internal import Extents

extension Recogniser {
    /// An initrd's archives, and the root that the kernel makes of them.
    func initrd(_ content: ExtentList) throws -> Part {
        let (segments, fault) = try CPIO.salvage(content, budget: names)
        var part = Part("initrd", size: content.length)
        part.fault = fault.map { "\($0)" }
        var files: [Volume.File] = []
        for (number, segment) in segments.enumerated() {
            try add(segment, number, to: &files)
        }
        let budget = limits.names
        part.volume = Volume("initrd", files) { number, consume in
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
        for (place, entry) in segment.entries.enumerated() where entry.links > 1 {
            if case .regular(let list) = entry.node.kind, list.length > 0 {
                contents[entry.inode] = (list.length, .number(UInt64(number) << 32 | UInt64(place)))
            }
        }
        for (place, entry) in segment.entries.enumerated() {
            try spend(Volume.cost(entry.path))
            var own: (size: UInt64, contents: Volume.Contents) = (0, .number(UInt64(number) << 32 | UInt64(place)))
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

    /// What the assembler wrote of each segment into the last file, when that fits this initrd.
    private func sources(_ segments: [CPIO.Segment], _ volume: Volume?) throws -> [String]? {
        guard let volume else { return nil }
        let index = Volume.Index(volume)
        guard let path = index.resolve(Array("etc/moby/sentinel".utf8)), let file = index[path], file.kind == .regular,
            file.size <= 1 << 16
        else { return nil }
        var bytes: [UInt8] = []
        guard try fault({ try volume.read(file) { bytes.append(contentsOf: $0) } }) == nil else { return nil }
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
