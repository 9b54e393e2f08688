internal import Archive
internal import DiskImage
internal import Extents

extension Recogniser {
    /// An EFI executable; with `.linux` and `.initrd` it is a unified kernel image.
    func executable(_ content: ExtentList) throws -> Part {
        let headers = try PE.Headers(content, isWhole: false)
        let isUnified = headers.sections.contains { $0.name == ".linux" }
        var part = Part(isUnified ? "unified kernel image" : "EFI executable", size: content.length)
        part.add("machine", headers.machine == 0x8664 ? "x86-64" : "0x" + String(headers.machine, radix: 16))
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
                child.fault = Self.cutShort(length - min(length, section.range.lowerBound), of: UInt64(section.range.count))
            }
            let data = content[section.range]
            if section.name == ".cmdline" || section.name == ".uname", data.length <= 1 << 16 {
                let text = try fault {
                    child.add("text", String(decoding: try ExtentReader.bytes(of: data).prefix { $0 != 0 }, as: UTF8.self))
                }
                child.fault = child.fault ?? text
            }
            if let path = TreePath(section.name.utf8), !path.isRoot {
                files.append(Volume.File(path, .regular, size: data.length, contents: .extents(data)))
            }
            if section.name == ".initrd" || section.name == ".linux", let inner = try inner(data, name: "") { child.children = [inner] }
            part.children.append(child)
        }
        if isUnified { part.volume = Volume("uki", files) }
        return part
    }

    /// An x86 kernel (Linux, Documentation/arch/x86/boot.rst): 0x202 "HdrS", 0x206 protocol u16, 0x20E where its version stands, less 0x200.
    func kernel(_ content: ExtentList) throws -> Part {
        var part = Part("Linux kernel", size: content.length)
        guard content.length >= 0x210 else { throw InspectError("a kernel of \(content.length) bytes") }
        let header = try content.bytes(at: 0x206, count: 10)
        part.add("boot protocol", "\(header[1]).\(header[0])")
        let place = 0x200 + UInt64(header[8]) + UInt64(header[9]) << 8
        if place > 0x200, place < content.length {
            let text = try content.bytes(at: place, count: Int(min(128, content.length - place))).prefix { $0 != 0 }
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
