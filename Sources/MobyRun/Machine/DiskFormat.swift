internal import Extents
internal import Glibc

/// A disk image format, by QEMU's name.
public enum DiskFormat: String, CaseIterable, Sendable {
    case raw, qcow2, vmdk, vpc, vhdx, vdi

    /// Takes QEMU's names and `vhd`.
    public init(parsing text: String) throws {
        guard let known = DiskFormat(rawValue: text == "vhd" ? "vpc" : text) else {
            let names = DiskFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw RunError("--disk: unknown format '\(text)'", hint: "one of \(names)")
        }
        self = known
    }

    /// The format of an image file: by its first bytes, else by its name. QEMU must not guess: a raw disk can be
    /// written by its guest to look like another format that names files of the host.
    /// - Throws: `FileError` when it cannot be read.
    static func detect(_ path: String) throws -> DiskFormat {
        let head = try FileFacts.head(of: path, count: 8)
        if head.starts(with: [0x51, 0x46, 0x49, 0xFB]) { return .qcow2 }
        if head.starts(with: Array("KDMV".utf8)) { return .vmdk }
        if head.starts(with: Array("conectix".utf8)) { return .vpc }
        if head.starts(with: Array("vhdxfile".utf8)) { return .vhdx }
        return named(path) ?? .raw
    }

    /// The format that a file's extension promises.
    static func named(_ path: String) -> DiskFormat? {
        switch path.split(separator: ".").last {
        case "vhd": .vpc
        case "img", "raw": .raw
        case let name?: DiskFormat(rawValue: String(name))
        case nil: nil
        }
    }
}
