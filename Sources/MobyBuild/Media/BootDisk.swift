internal import DiskImage
internal import Extents

/// A bootable disk.
///
/// One FAT volume at 1 MiB:
/// - BIOS: SYSLINUX with kernel and initrd as files, behind a master boot record.
/// - UEFI: a unified kernel image, in the EFI system partition of a GPT disk.
/// - Both: SYSLINUX and systemd-boot start the same kernel and initrd; a GPT disk whose boot code looks for the
///   partition marked "legacy bootable". Nothing is stored twice.
struct BootDisk {
    let medium: BootMedium
    let firmware: OutputFormat.Firmware

    static let kernel = "kernel"
    static let initrd = "initrd.img"

    init(_ boot: BootFiles, _ request: OutputRequest, _ firmware: OutputFormat.Firmware) throws {
        medium = try BootMedium(boot, request, firmware)
        self.firmware = firmware
    }

    /// The whole disk, padded to a multiple of `sizeUnit` bytes.
    func image(sizeUnit: UInt64 = 1 << 20) async throws -> ExtentList {
        let request = medium.request
        let volume = try await volume()
        if firmware == .bios {
            let type: UInt8 = volume.geometry.kind == .fat16 ? 0x0E : 0x0C
            var disk = try MBR.disk(
                partition: volume.content, type: type, bootCode: medium.loaders.bytes(.mbr),
                identity: request.identityBytes,
                minimumSize: request.minimumSize)
            disk.pad(toMultipleOf: sizeUnit)
            return disk
        }
        let partition = GPT.Partition(
            type: .efiSystem, name: "EFI system", content: volume.content,
            attributes: firmware == .both ? GPT.Partition.legacyBootable : 0)
        return try GPT.disk(
            partitions: [partition], bootCode: firmware == .both ? medium.loaders.bytes(.gptMBR) : [],
            identity: request.identityBytes,
            minimumSize: request.minimumSize, sizeUnit: sizeUnit)
    }

    private func volume() async throws -> FAT.Volume {
        let request = medium.request
        var files: [FAT.File] = []
        if firmware != .uefi { files += try biosFiles() }
        if firmware == .uefi {
            files.append(FAT.File(try medium.loaders.bootPath, try await medium.unifiedKernelImage().content))
        }
        if firmware == .both { files += try await bootManagerFiles() }
        if firmware != .uefi {
            // BIOS ignores the signature.
            let kernel = firmware == .both ? try await request.signed(medium.kernel, "the kernel") : medium.kernel
            files += [FAT.File(Self.kernel, kernel), FAT.File(Self.initrd, medium.initrd)]
        }
        let volume = try FAT.volume(
            files: files, label: "MOBY", serial: request.serial("FAT"), hiddenSectors: MBR.firstSector,
            time: request.time)
        return firmware == .uefi ? volume : try Syslinux.install(medium.loaders.syslinuxLoader(), on: volume)
    }

    private func biosFiles() throws -> [FAT.File] {
        let configuration = medium.syslinuxConfiguration(kernel: "/\(Self.kernel)", initrd: "/\(Self.initrd)")
        return [
            Syslinux.file(try medium.loaders.syslinuxLoader()),
            FAT.File("ldlinux.c32", try medium.loaders[.syslinuxCore]),
            FAT.File("syslinux.cfg", text(configuration)),
        ]
    }

    /// systemd-boot with one entry (UAPI.1).
    private func bootManagerFiles() async throws -> [FAT.File] {
        let options = medium.commandLine.isEmpty ? "" : "options \(medium.commandLine)\n"
        let entry = "title \(medium.request.name)\nlinux /\(Self.kernel)\ninitrd /\(Self.initrd)\n\(options)"
        return [
            FAT.File(
                try medium.loaders.bootPath,
                try await medium.request.signed(medium.loaders[.bootManager], "the boot manager")
            ),
            FAT.File("loader/loader.conf", text("default moby.conf\ntimeout 0\n")),
            FAT.File("loader/entries/moby.conf", text(entry)),
        ]
    }

    private func text(_ text: String) -> ExtentList { ExtentList([.bytes(Array(text.utf8))]) }
}
