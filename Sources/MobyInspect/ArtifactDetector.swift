internal import Archive
internal import DiskImage
internal import Extents

/// Tells by the first bytes what something is, and goes inside.
final class ArtifactDetector {
    let limits: Limits
    private let scratch: String
    private var parts = 0
    /// Memory left for the names of files, in bytes.
    var names: Int
    private var depth = 0
    private var temporaries: [TemporaryFile] = []

    init(scratch: String, limits: Limits) {
        (self.scratch, self.limits, names) = (scratch, limits, limits.names)
    }

    /// Inspects an artifact.
    /// - Throws: `InspectError` when it is not known, and what its reader throws.
    func part(_ content: ExtentList, name: String = "") throws -> Part {
        parts += 1
        guard parts <= limits.parts else { throw InspectError("more than \(limits.parts) parts") }
        guard depth < limits.depth else { throw InspectError("more than \(limits.depth) levels of nesting") }
        depth += 1
        defer { depth -= 1 }
        guard let type = try FileType(of: content) else {
            throw InspectError(
                "not an artifact: \(try Self.start(content))", hint: "'moby formats' lists the formats")
        }
        var part: Part
        do { part = try read(content, as: type) } catch let error where !(error is FileError || error is InspectError) {
            // Not even its head can be read.
            part = Part(type.title, size: content.length)
            part.fault = "\(error)"
        }
        part.name = name
        return part
    }

    /// A part inside another: nil when its type is unknown, with a fault when it is damaged.
    func inner(_ content: ExtentList, name: String) throws -> Part? {
        do {
            guard try FileType(of: content) != nil else { return nil }
            return try part(content, name: name)
        } catch let error as FileError {
            throw error
        } catch {
            var part = Part("damaged", name: name, size: content.length)
            part.fault = "\(error)"
            return part
        }
    }

    private func read(_ content: ExtentList, as type: FileType) throws -> Part {
        switch type {
        case .compressed(let format): try compressed(content, format)
        case .initrd: try initrd(content)
        case .tar: try tar(content)
        case .qcow2: try qcow2(content)
        case .vmdk: try vmdk(content)
        case .vhd: try vhd(content)
        case .executable: try executable(content)
        case .kernel: try kernel(content)
        case .iso: try iso(content)
        case .gpt: try gpt(content)
        case .mbr: try mbr(content)
        case .fat: try fat(content)
        case .erofs: try erofs(content)
        case .line: try line(content)
        }
    }

    /// The bytes of a thing that declares a length: when there are fewer, the missing ones cannot be
    /// read, and the part has that as its fault.
    func whole(_ content: ExtentList, length: UInt64, _ part: inout Part) -> ExtentList {
        guard length > content.length else { return content }
        part.fault = part.fault ?? Self.cutShort(content.length, of: length)
        var whole = content
        whole.extendMissing(to: length)
        return whole
    }

    static func cutShort(_ count: UInt64, of length: UInt64) -> String {
        "truncated: \(count) of \(length) bytes present"
    }

    /// Runs what may find a fault after it found something.
    /// - Returns: the fault.
    /// - Throws: `FileError`, `InspectError`.
    func fault(_ body: () throws -> Void) throws -> String? {
        do { try body() } catch let error where !(error is FileError || error is InspectError) { return "\(error)" }
        return nil
    }

    /// A temporary file that lives as long as this value.
    func temporary() throws -> TemporaryFile {
        let file = try TemporaryFile(in: scratch, limit: limits.plain, stored: limits.stored)
        temporaries.append(file)
        return file
    }

    /// Takes room for the names of files, in bytes.
    func spend(_ bytes: Int) throws {
        names -= bytes
        guard names >= 0 else { throw InspectError("too many names: the memory limit is reached") }
    }

    private static func start(_ content: ExtentList) throws -> String {
        let bytes = try content.bytes(at: 0, count: Int(min(8, content.length)))
        if bytes.isEmpty { return "it is empty" }
        return "\(content.length) bytes that begin with '\(PlainText.of(bytes))'"
    }
}

/// The type of a file by its first bytes, of a fixed VHD by its last.
enum FileType: Equatable {
    case compressed(String)
    case initrd, tar, qcow2, vmdk, vhd, executable, kernel, iso, gpt, mbr, fat, erofs
    /// One line of text: a kernel's command line.
    case line

    /// For people.
    var title: String {
        switch self {
        case .compressed(let format): "\(format) file"
        case .initrd: "initrd"
        case .tar: "tar archive"
        case .qcow2: "qcow2 disk"
        case .vmdk: "VMDK disk"
        case .vhd: "VHD disk"
        case .executable: "EFI executable"
        case .kernel: "Linux kernel"
        case .iso: "ISO 9660 image"
        case .gpt: "GPT disk"
        case .mbr: "MBR disk"
        case .fat: "FAT volume"
        case .erofs: "EROFS volume"
        case .line: "command line"
        }
    }

    /// nil when it is not known.
    init?(of content: ExtentList) throws {
        func has(_ bytes: [UInt8], at offset: UInt64) throws -> Bool {
            guard offset <= content.length, UInt64(bytes.count) <= content.length - offset else { return false }
            // Missing bytes of a truncated file prove nothing.
            do { return try content.bytes(at: offset, count: bytes.count) == bytes } catch is ExtentError {
                return false
            }
        }
        func has(_ text: String, at offset: UInt64) throws -> Bool { try has(Array(text.utf8), at: offset) }

        if try has("070701", at: 0) { self = .initrd; return }
        if try has([0x1F, 0x8B], at: 0) { self = .compressed("gzip"); return }
        if try has([0x28, 0xB5, 0x2F, 0xFD], at: 0) { self = .compressed("zstd"); return }
        if try has([0x51, 0x46, 0x49, 0xFB], at: 0) { self = .qcow2; return }
        if try has("KDMV", at: 0) { self = .vmdk; return }
        if try has("conectix", at: 0) { self = .vhd; return }
        if content.length >= 512, try has("conectix", at: content.length - 512) { self = .vhd; return }
        if try has("CD001", at: 32769) { self = .iso; return }
        if try has("EFI PART", at: 512) { self = .gpt; return }
        // Where the second one is; what begins as something else has none of its own there.
        if content.length >= 1024, try has([0x55, 0xAA], at: 510),
            try has("EFI PART", at: content.length / 512 * 512 - 512)
        {
            self = .gpt
            return
        }
        if try has("HdrS", at: 0x202) { self = .kernel; return }
        if try has("MZ", at: 0) { self = .executable; return }
        if try has("ustar", at: 257) { self = .tar; return }
        if try has([0xE2, 0xE1, 0xF5, 0xE0], at: 1024) { self = .erofs; return }
        if try has([0x55, 0xAA], at: 510) {
            // A FAT volume has a jump in front and says its kind; where a table of partitions would be it has text or
            // code.
            let isFAT = try has("FAT12   ", at: 54) || has("FAT16   ", at: 54) || has("FAT32   ", at: 82)
            self = isFAT ? .fat : .mbr
            return
        }
        if try Self.isLine(content) { self = .line; return }
        return nil
    }

    private static func isLine(_ content: ExtentList) throws -> Bool {
        guard (1...4096).contains(content.length) else { return false }
        let bytes = try content.bytes(at: 0, count: Int(content.length))
        let line = bytes.last == 0x0A ? bytes.dropLast() : bytes[...]
        return !line.isEmpty && line.contains(0x3D) && line.allSatisfy { (0x20..<0x7F).contains($0) }
    }
}
