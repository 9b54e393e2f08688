internal import Extents
internal import Glibc

/// A disk of the machine: `[file=]PATH[,size=N[G|M]][,format=F]`.
public struct Disk: Hashable, Sendable {
    /// `nil` is `disk<i>.img` in the state folder.
    public var path: String?
    /// Size in MiB of a disk that is created if the file does not exist.
    public var size: Int?
    public var format: DiskFormat?

    public init(path: String? = nil, size: Int? = nil, format: DiskFormat? = nil) {
        self.path = path
        self.size = size
        self.format = format
    }

    /// Reads the option's text; sizes without a letter are GiB.
    /// - Throws: ``RunError`` for an unknown key, a bad size, or neither a path nor a size.
    public init(parsing text: String) throws {
        self.init()
        for part in text.split(separator: ",", omittingEmptySubsequences: true).map(String.init) {
            guard let equals = part.firstIndex(of: "=") else {
                path = part
                continue
            }
            let value = String(part[part.index(after: equals)...])
            switch part[..<equals] {
            case "file": path = value
            case "size": size = try MemorySize.mebibytes(value, unit: .gibibytes, option: "--disk")
            case "format": format = try DiskFormat(parsing: value)
            case let key:
                throw RunError("--disk: unknown key '\(key)' in '\(text)'", hint: "the keys are file, size and format")
            }
        }
        if path == "" { path = nil }
        guard path != nil || size != nil else {
            throw RunError("--disk: '\(text)' needs a file or a size", hint: "write --disk data.qcow2,size=4G")
        }
    }

    /// Its path; by default in the state folder, named by its number.
    func path(_ index: Int, in state: String) -> String { path ?? "\(state)/disk\(index == 0 ? "" : "\(index)").img" }

    /// Its format, which QEMU is given and does not guess. A disk with a size and no format is created by moby, as
    /// qcow2.
    func format(at path: String) -> DiskFormat { format ?? (size == nil ? DiskFormat.named(path) ?? .raw : .qcow2) }
}

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
        let head = try HostFiles.head(of: path, count: 8)
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
