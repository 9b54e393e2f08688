internal import DiskImage
public import Extents
internal import Glibc

/// New, empty disks for machines.
enum EmptyDisk {
    /// The formats that can be made here; QEMU uses the others when they exist.
    static let formats: [DiskFormat] = [.raw, .qcow2]

    static func create(_ path: String, _ format: DiskFormat, mebibytes: Int) throws {
        let disk = ExtentList([.hole(UInt64(mebibytes) << 20)])
        switch format {
        case .raw: try ExtentWriter.write(disk, to: path)
        case .qcow2: try ExtentWriter.write(QCOW2.encode(disk), to: path)
        default: throw RunError("a new disk can be raw or qcow2, not \(format.rawValue)")
        }
    }
}

/// CDs that bring user data to a guest: ISO 9660 with Rock Ridge. Equal data, equal bytes.
public enum DataISO {
    /// Some drivers refuse CDs below 64 KiB.
    private static let least: UInt64 = 64 << 10

    /// LinuxKit's: one file, `config`.
    public static func image(config: [UInt8]) throws -> ExtentList { try image([("config", config)], label: "CONFIG") }

    /// cloud-init's NoCloud: `user-data` and `meta-data` on a volume called `CIDATA`.
    public static func image(userData: [UInt8], metaData: [UInt8]) throws -> ExtentList {
        try image([("user-data", userData), ("meta-data", metaData)], label: "CIDATA")
    }

    private static func image(_ files: [(name: String, content: [UInt8])], label: String) throws -> ExtentList {
        var image = try ISO9660.image(
            files.map { ISO9660.Entry($0.name, ExtentList(bytes: $0.content)) }, volumeID: label)
        image.pad(to: max(image.length, least))
        return image
    }
}

/// Files of this host that a disk image names. QEMU opens them, and the guest reads them: an image from elsewhere may
/// name any file that this user can read.
enum ForeignFiles {
    /// - Parameters:
    ///   - what: the option or role of the image, for messages.
    /// - Throws: ``RunError`` for an image that names other files, or cannot be looked at.
    static func check(_ path: String, _ format: DiskFormat, _ what: String) throws {
        let names: [String]
        do { names = try references(path, format) } catch let error as DiskImageError {
            throw RunError(
                "\(what) '\(PlainText.short(path))': \(error)",
                hint: "its references cannot be checked; if you trust the image, pass --allow-external")
        }
        guard !names.isEmpty else { return }
        let quoted = names.prefix(3).map { $0.isEmpty ? "another file" : "'\(PlainText.short($0))'" }.joined(
            separator: ", ")
        throw RunError(
            "\(what) '\(PlainText.short(path))' continues in \(quoted)\(names.count > 3 ? ", …" : ""), which the guest could read",
            hint: "if that is intended, pass --allow-external")
    }

    /// Names in an image's header, as far as QEMU follows them: VHDX and VDI with parents are refused by QEMU itself.
    private static func references(_ path: String, _ format: DiskFormat) throws -> [String] {
        switch format {
        case .qcow2: try QCOW2.references(try ExtentList(file: path))
        case .vmdk: try VMDK.references(try ExtentList(file: path))
        case .vpc: try VHD.references(try ExtentList(file: path))
        case .raw, .vhdx, .vdi: []
        }
    }
}
