internal import DiskImage
internal import Extents

/// What a bootable disk or ISO is made from, checked against the limits of boot loaders.
struct BootMedium {
    let kernel: ExtentList
    let initrd: ExtentList
    /// One line.
    let commandLine: String
    let loaders: BootLoaders
    let request: OutputRequest

    /// SYSLINUX and kernels put the initrd below 2 GiB, and the unpacked kernel below the initrd.
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
                "the initrd has \(initrd.length) bytes; the limit for BIOS is \(Self.biosInitrdLimit) bytes (1920 MiB)",
                hint: "remove images, or choose a format for UEFI, such as raw-efi")
        }
    }

    private static func checked(_ text: String) throws -> String {
        let line = text.last?.isNewline == true ? String(text.dropLast()) : text
        guard !line.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw BuildError(
                "the kernel command line has a line break or another control character",
                hint: "write kernel.cmdline on one line")
        }
        return try checkedLength(line)
    }

    /// Returns a command line that the kernel does not truncate, in any format.
    /// - Throws: `BuildError` for a longer one.
    static func checkedLength(_ line: String) throws -> String {
        guard line.utf8.count <= commandLineLimit else {
            throw BuildError(
                "the kernel command line has \(line.utf8.count) bytes; the kernel's limit is \(commandLineLimit) bytes",
                hint:
                    "shorten kernel.cmdline; the kernel would drop the rest, starting with 'moby.root=' of a root on disk"
            )
        }
        return line
    }

    /// The unified kernel image, signed if a key is given.
    func unifiedKernelImage() async throws -> UKI.Image {
        let image = try UKI.image(
            stub: loaders[.efiStub], osRelease: "ID=moby\nPRETTY_NAME=\"\(request.name)\"\n", commandLine: commandLine,
            kernel: kernel,
            initrd: initrd)
        guard let key = request.signingKey else { return image }
        return try await ContextError.wrapping("signing the unified kernel image") { try await image.signed(with: key) }
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

    /// The last serial console of the command line; the boot loader writes its messages there too.
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
