internal import Archive
internal import DiskImage
internal import Extents

/// What a medium that boots by itself is made from, checked against the limits of boot loaders.
struct BootMedium {
    let kernel: ExtentList
    let initrd: ExtentList
    /// One line.
    let commandLine: String
    let loaders: BootLoaders
    let request: OutputRequest

    /// SYSLINUX and kernels put the initrd below 2 GiB, with the unpacked kernel beneath it.
    static let biosInitrdLimit: UInt64 = (2048 - 128) << 20
    /// Of the kernel on x86, without the NUL.
    static let commandLineLimit = 2047

    /// - Throws: `BuildError` for a spec without a kernel, and for what boot loaders cannot load.
    init(_ boot: BootFiles, _ request: OutputRequest, _ firmware: OutputFormat.Firmware) throws {
        guard let kernel = boot.kernel else {
            throw BuildError(
                "the spec has no kernel, which a bootable image needs",
                hint: "add kernel.image, or choose the format 'tar'")
        }
        self.kernel = kernel
        self.initrd = boot.wholeInitrd
        self.loaders = try request.bootLoaders()
        self.request = request
        commandLine = try Self.checked(boot.commandLine)
        guard firmware == .uefi || initrd.length <= Self.biosInitrdLimit else {
            throw BuildError(
                "an initrd of \(initrd.length) bytes, at most \(Self.biosInitrdLimit) bytes (1920 MiB) when booted by BIOS",
                hint: "take images out, or choose a format for UEFI, such as raw-efi")
        }
    }

    private static func checked(_ text: String) throws -> String {
        let line = text.last?.isNewline == true ? String(text.dropLast()) : text
        guard !line.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw BuildError(
                "the kernel's command line has a line break or control character",
                hint: "write kernel.cmdline on one line")
        }
        return try checkedLength(line)
    }

    /// A command line that the kernel takes whole, in whatever format it comes.
    /// - Throws: `BuildError` for one that is longer.
    static func checkedLength(_ line: String) throws -> String {
        guard line.utf8.count <= commandLineLimit else {
            throw BuildError(
                "a kernel command line of \(line.utf8.count) bytes, at most \(commandLineLimit) bytes",
                hint: "shorten kernel.cmdline; the kernel would drop the rest, 'moby.root=' of a root on disk first")
        }
        return line
    }

    /// The unified kernel image, signed when that is asked for.
    func unifiedKernelImage() throws -> UKI.Image {
        let image = try UKI.image(
            stub: loaders[.efiStub], osRelease: "ID=moby\nPRETTY_NAME=\"\(request.name)\"\n", commandLine: commandLine,
            kernel: kernel,
            initrd: initrd)
        guard let key = request.signingKey else { return image }
        return try context("signing the unified kernel image") { try image.signed(with: key) }
    }

    /// The configuration of SYSLINUX and ISOLINUX.
    /// - Parameters:
    ///   - kernel: path on the medium.
    ///   - initrd: path on the medium.
    func syslinuxConfiguration(kernel: String, initrd: String) -> String {
        let serial = serialConsole.map { "SERIAL \($0.port) \($0.speed)\n" } ?? ""
        let append = commandLine.isEmpty ? "" : "  APPEND \(commandLine)\n"
        return "\(serial)DEFAULT linux\nPROMPT 0\nLABEL linux\n  LINUX \(kernel)\n  INITRD \(initrd)\n\(append)"
    }

    /// The last serial console of the command line, which messages of the boot loader go to as well.
    private var serialConsole: (port: Int, speed: Int)? {
        guard let word = commandLine.split(separator: " ").last(where: { $0.hasPrefix("console=ttyS") }) else {
            return nil
        }
        let parts = word.dropFirst("console=ttyS".count).split(separator: ",")
        guard let port = parts.first.flatMap({ Int($0) }), (0...3).contains(port) else { return nil }
        let speed = parts.count > 1 ? Int(parts[1].prefix { $0.isNumber }) : nil
        return (port, speed ?? 115_200)
    }
}

/// The boot loaders, from the files of one image.
struct BootLoaders: Sendable {
    /// What is taken from the image, where Debian's packages have it.
    enum File: String, CaseIterable {
        case efiStub = "usr/lib/systemd/boot/efi/linuxx64.efi.stub"
        case efiLoader = "usr/lib/systemd/boot/efi/systemd-bootx64.efi"
        case syslinux = "usr/bin/syslinux"
        case syslinuxCore = "usr/lib/syslinux/modules/bios/ldlinux.c32"
        case mbr = "usr/lib/syslinux/mbr/mbr.bin"
        case gptMBR = "usr/lib/syslinux/mbr/gptmbr.bin"
        case isolinux = "usr/lib/ISOLINUX/isolinux.bin"
        case isoHybridMBR = "usr/lib/ISOLINUX/isohdpfx.bin"
    }

    /// The image's name.
    let name: String
    private let tree: FileTree

    init(name: String, tree: FileTree) {
        self.name = name
        self.tree = tree
    }

    /// - Throws: `BuildError` when the image does not have the file.
    subscript(file: File) -> ExtentList {
        get throws {
            guard let path = TreePath(file.rawValue.utf8), case .regular(let content)? = tree[path]?.kind else {
                throw BuildError(
                    "boot loader image '\(name)' has no file '\(file.rawValue)'",
                    hint:
                        "name an image like pkg/bootloaders with --bootloader or in the section boot, or leave both out"
                )
            }
            return content
        }
    }

    /// The bytes of a small file.
    func bytes(_ file: File) throws -> [UInt8] { try ExtentReader.bytes(of: self[file], limit: 1 << 20) }

    func syslinuxLoader() throws -> Syslinux.Loader {
        let installer = try bytes(.syslinux)
        return try context("'\(File.syslinux.rawValue)' of boot loader image '\(name)'") {
            try Syslinux.Loader(installer: installer)
        }
    }
}
