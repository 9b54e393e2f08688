internal import DiskImage
internal import Extents

/// An ISO that boots as a CD and, copied to a disk, as a disk.
///
/// - BIOS: ISOLINUX with kernel and initrd as files.
/// - UEFI: a unified kernel image in an EFI system partition.
/// - Both: the files that ISOLINUX reads are pieces of the unified kernel image. Nothing is stored twice.
struct BootISO {
    let medium: BootMedium
    let firmware: OutputFormat.Firmware

    init(_ boot: BootFiles, _ request: OutputRequest, _ firmware: OutputFormat.Firmware) throws {
        medium = try BootMedium(boot, request, firmware)
        self.firmware = firmware
    }

    func image() async throws -> ExtentList {
        let request = medium.request
        var boot = ISO9660.Boot(identity: request.identityBytes)
        var entries: [ISO9660.Entry] = []
        var kernel = ISO9660.Entry.Kind.file(medium.kernel)
        var initrd = ISO9660.Entry.Kind.file(medium.initrd)
        if firmware != .bios {
            let system = try await SystemPartition(medium)
            boot.efi = system.content
            if let range = system.range(of: ".linux", length: medium.kernel.length) { kernel = .shared(range) }
            if let range = system.range(of: ".initrd", length: medium.initrd.length) { initrd = .shared(range) }
        }
        if firmware != .uefi {
            boot.bios = ISO9660.Boot.BIOS(loader: Self.loader, diskCode: try medium.loaders.bytes(.isoHybridMBR))
            entries = try isolinux()
            entries += [entry("kernel", kernel), entry("initrd.img", initrd)]
        }
        return try ISO9660.image(
            entries, volumeID: Self.volumeID(request.name), time: Int64(clamping: request.time), boot: boot)
    }

    private static let loader = "isolinux/isolinux.bin"

    /// A build's name in the letters of ISO 9660. Guests look for some volumes by name: user data is on `CIDATA`, a
    /// root on disk is on `ROOT_` and digits.
    static func volumeID(_ name: String) -> String {
        let letters = name.uppercased().map { $0.isASCIILetter || $0.isASCIIDigit ? $0 : "_" }
        let id = String(letters)
        let isTaken = id == "CIDATA" || id.hasPrefix("ROOT_")
        return String(((isTaken ? "MOBY_" : "") + id).prefix(32))
    }

    private func isolinux() throws -> [ISO9660.Entry] {
        let configuration = medium.syslinuxConfiguration(kernel: "/kernel", initrd: "/initrd.img")
        return [
            entry(Self.loader, .file(try medium.loaders[.isolinux])),
            entry("isolinux/ldlinux.c32", .file(try medium.loaders[.syslinuxCore])),
            entry("isolinux/isolinux.cfg", .file(ExtentList(bytes: Array(configuration.utf8)))),
        ]
    }

    private func entry(_ path: String, _ kind: ISO9660.Entry.Kind) -> ISO9660.Entry {
        ISO9660.Entry(path: Array(path.utf8), kind, mode: 0o444, modified: Int64(clamping: medium.request.time))
    }
}

/// A FAT volume with a unified kernel image.
private struct SystemPartition {
    let content: ExtentList
    private let image: UKI.Image
    private let start: UInt64

    init(_ medium: BootMedium) async throws {
        let path = try medium.loaders.bootPath
        image = try await medium.unifiedKernelImage()
        let volume = try FAT.volume(
            files: [FAT.File(path, image.content)], label: "MOBY", serial: medium.request.serial("FAT"),
            time: medium.request.time)
        content = volume.content
        start = volume.offsets[path] ?? 0
    }

    /// The bytes of a section in the volume.
    /// - Parameter length: of the section without padding, in bytes.
    func range(of section: String, length: UInt64) -> Range<UInt64>? {
        image.range(of: section).map { start + $0.lowerBound..<start + $0.lowerBound + length }
    }
}
