internal import Extents
internal import MachineModel

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
        if try has(KernelFile.setupMagic, at: UInt64(KernelFile.setupMagicOffset)) { self = .kernel; return }
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
