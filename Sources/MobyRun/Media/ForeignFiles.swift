internal import DiskImage
internal import Extents
internal import Glibc

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
            "\(what) '\(PlainText.short(path))' continues in \(quoted)\(names.count > 3 ? ", …" : ""), which the guest could then read",
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
