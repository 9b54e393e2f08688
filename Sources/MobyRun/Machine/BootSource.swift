internal import Extents
internal import MobyBuild

/// What a machine boots from.
public enum BootSource: Hashable, Sendable {
    /// A kernel loaded by QEMU itself.
    case kernel(KernelFiles)
    /// A disc image.
    case iso(String, uefi: Bool)
    /// A disk image, which becomes the first disk.
    case disk(String, DiskFormat, uefi: Bool)

    /// The files that a `kernel+…` build leaves.
    public struct KernelFiles: Hashable, Sendable {
        public var kernel: String
        public var initrd: String?
        public var commandLine: String
        /// A root file system that the kernel mounts itself, the first disk.
        public var squashfs: String?
        /// A root file system that the initrd mounts, the first disk.
        public var root: String?

        public init(
            kernel: String, initrd: String? = nil, commandLine: String, squashfs: String? = nil, root: String? = nil
        ) {
            self.kernel = kernel
            self.initrd = initrd
            self.commandLine = commandLine
            self.squashfs = squashfs
            self.root = root
        }
    }

    /// What the user says about the argument.
    public struct Wishes: Sendable, Equatable {
        public var kernel = false
        public var iso = false
        public var squashfs = false
        public var uefi = false

        public init(kernel: Bool = false, iso: Bool = false, squashfs: Bool = false, uefi: Bool = false) {
            self.kernel = kernel
            self.iso = iso
            self.squashfs = squashfs
            self.uefi = uefi
        }
    }

    /// Every file that QEMU will read; the one with the root file system is the last.
    public var files: [String] {
        switch self {
        case .kernel(let files): [files.kernel] + [files.initrd, files.squashfs, files.root].compactMap(\.self)
        case .iso(let path, _), .disk(let path, _, _): [path]
        }
    }

    /// The kernel's command line, where it is not inside an image.
    var commandLine: String? {
        if case .kernel(let files) = self { files.commandLine } else { nil }
    }

    var uefi: Bool {
        switch self {
        case .kernel: false
        case .iso(_, let uefi), .disk(_, _, let uefi): uefi
        }
    }
}

extension BootSource {
    /// The command line of a build that left none; the words of 2017.
    static let defaultCommandLine = "console=ttyS0 console=tty0 page_poison=1"

    /// How a command line says that the root is not in the initrd.
    private static let rootWord = "moby.root="
    /// How one names a root of `kernel+iso`.
    private static let discWord = "moby.root=LABEL=ROOT_"

    /// Finds out what an argument of `moby run` is: a file to boot from, or the prefix of a build's files.
    /// - Throws: ``RunError`` that names the files looked for.
    public static func detect(_ argument: String, _ wishes: Wishes = Wishes()) throws -> BootSource {
        guard !argument.isEmpty else {
            throw RunError("nothing to run", hint: "name what 'moby build' made: moby run qemu nginx")
        }
        if !wishes.kernel, !wishes.squashfs, FileFacts.exists(argument), !FileFacts.isFolder(argument) {
            return try image(argument, wishes)
        }
        if !wishes.iso, !wishes.uefi || wishes.kernel || wishes.squashfs, let files = try kernelFiles(argument, wishes)
        {
            return .kernel(files)
        }
        // The root of a build with kernel+iso has the name of a CD, and boots nothing.
        let roots = Set(
            BuildSummary.read(prefix: argument)?.files.filter { $0.format == "kernel+iso" }.map(\.name) ?? [])
        let names = imageNames(argument, wishes).filter {
            !roots.contains($0.path.split(separator: "/").last.map(String.init) ?? "")
        }
        if let found = names.first(where: { FileFacts.exists($0.path) }) {
            return try image(found.path, Wishes(iso: wishes.iso, uefi: found.uefi))
        }
        throw missing(argument, wishes, names.map(\.path))
    }

    /// The prefix of an argument, for names made from it.
    public static func prefix(_ argument: String) -> String {
        argument.hasSuffix(".iso") ? String(argument.dropLast(4)) : argument
    }

    private static func image(_ path: String, _ wishes: Wishes) throws -> BootSource {
        let hint: String
        switch true {
        case wishes.iso, path.hasSuffix(".iso"):
            return .iso(path, uefi: wishes.uefi || path.hasSuffix("-efi.iso") || path.hasSuffix("-efi-initrd.iso"))
        case path.hasSuffix(".yml"), path.hasSuffix(".yaml"): hint = "build it first: moby build \(path)"
        case path.hasSuffix(".tar.gz"), path.hasSuffix(".tar"), path.hasSuffix(".tgz"):
            hint = "unpack the disk first, or build --format raw-bios"
        case path.hasSuffix("-kernel"): hint = "name the prefix: \(path.dropLast("-kernel".count))"
        case path.hasSuffix("-initrd.img"): hint = "name the prefix: \(path.dropLast("-initrd.img".count))"
        default:
            let format = try DiskFormat.detect(path)
            guard format == .raw, DiskFormat.named(path) != .raw, try !hasBootSector(path) else {
                return .disk(path, format, uefi: wishes.uefi || isUEFI(path))
            }
            let example = made(near: path) ?? "moby run qemu nginx"
            hint = "it has no boot sector, which ends with 55 AA; name what 'moby build' made: \(example)"
        }
        throw RunError("'\(PlainText.short(path))' is not an image that can be booted", hint: hint)
    }

    /// The signature of a master boot record, which disks with a GPT have as well.
    private static func hasBootSector(_ path: String) throws -> Bool {
        try FileFacts.head(of: path, count: 512).dropFirst(510).elementsEqual([0x55, 0xAA])
    }

    /// The builds in a folder, by their summaries.
    private static func builds(in folder: String) -> [String] {
        let end = BuildSummary.fileName("")
        // For hints only.
        return ((try? FolderTree.names(in: folder)) ?? []).filter { $0.hasSuffix(end) && $0 != end }.map {
            String($0.dropLast(end.count))
        }
    }

    /// The builds next to a file, for hints.
    private static func made(near path: String) -> String? {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let names = builds(in: folder.isEmpty ? "/" : folder)
        return names.isEmpty ? nil : list(names)
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(5).map { "'\(PlainText.short($0))'" }.joined(separator: ", ") + (names.count > 5 ? ", …" : "")
    }

    /// `X-kernel` and its companions, or 2017's `X-bzImage`.
    private static func kernelFiles(_ prefix: String, _ wishes: Wishes) throws -> KernelFiles? {
        // The name that the last build gave its kernel; the other may be there from one before.
        let made = BuildSummary.read(prefix: prefix)?.files.map(\.name) ?? []
        let names = ["-kernel", "-bzImage"].sorted { a, b in
            made.contains { $0.hasSuffix(a) } && !made.contains { $0.hasSuffix(b) }
        }
        guard let kernel = names.map({ prefix + $0 }).first(where: FileFacts.exists) else { return nil }
        let squashfs = prefix + "-squashfs.img"
        let initrd = prefix + "-initrd.img"
        let cmdline = prefix + "-cmdline"
        let line = FileFacts.exists(cmdline) ? try FileFacts.text(cmdline) : defaultCommandLine
        var files = KernelFiles(kernel: kernel, commandLine: line.split(separator: "\n").joined(separator: " "))
        if wishes.squashfs || (!wishes.kernel && FileFacts.exists(squashfs)) {
            files.squashfs = squashfs
        } else {
            files.initrd = initrd
            // The command line of such a build names its root; one of `kernel+initrd` under the same name does not.
            let root = prefix + (files.commandLine.contains(discWord) ? ".iso" : "-erofs.img")
            if files.commandLine.contains(rootWord), FileFacts.exists(root) { files.root = root }
        }
        return files
    }

    /// The other names that builds give their images, likeliest first.
    private static func imageNames(_ prefix: String, _ wishes: Wishes) -> [(path: String, uefi: Bool)] {
        // Behind the usual name, that of a format that another one kept from it.
        let bios = [
            ".iso", "-iso.iso", "-iso-bios.iso", ".qcow2", "-qcow2-bios.qcow2", "-bios.img", ".img", ".raw", ".vmdk",
            ".vhd",
            "-dynamic-vhd.vhd",
        ]
        let uefi = ["-efi.iso", "-efi-initrd.iso", "-efi.qcow2", "-efi.img"]
        var names = uefi.map { (path: prefix + $0, uefi: true) }
        if !wishes.uefi { names = bios.map { (path: prefix + $0, uefi: false) } + names }
        if wishes.uefi { names += bios.map { (path: prefix + $0, uefi: true) } }
        return wishes.iso ? names.filter { $0.path.hasSuffix(".iso") } : names
    }

    private static func isUEFI(_ path: String) -> Bool {
        ["-efi.qcow2", "-efi.img", "-efi.raw"].contains { path.hasSuffix($0) }
    }

    private static func missing(_ argument: String, _ wishes: Wishes, _ images: [String]) -> RunError {
        let kernel = "\(argument)-kernel"
        let shown = PlainText.short(argument)
        if wishes.uefi, !wishes.kernel, FileFacts.exists(kernel) {
            return RunError(
                "there is no image for UEFI under the name '\(shown)', only kernel and initrd",
                hint:
                    "build one: moby build --format raw-efi, or boot '\(PlainText.short(kernel))' as it is with --kernel"
            )
        }
        if FileFacts.isFolder(argument) {
            let names = builds(in: argument)
            guard let first = names.first else {
                return RunError(
                    "'\(shown)' is a folder, and there is no build in it",
                    hint: "build one: moby build --dir \(shown) FILE.yml")
            }
            let folder = argument.hasSuffix("/") ? argument : argument + "/"
            return RunError(
                "'\(shown)' is a folder; it holds the builds \(list(names))",
                hint: "name one: moby run qemu \(PlainText.short(folder + first))")
        }
        let kernels = wishes.iso ? [] : [kernel]
        let looked = (kernels + images).prefix(4).map { "'\(PlainText.short($0))'" }.joined(separator: ", ")
        let base = argument.split(separator: "/").last.map(String.init) ?? argument
        // `README.md` and `disk.qcow2` are files that are not there, not names of specs.
        let isSpec = !base.contains(".") || FileFacts.exists("\(argument).yml")
        let spec = isSpec ? "build it first: moby build \(PlainText.short(base)).yml" : nil
        return RunError(
            "nothing to boot under the name '\(shown)': no \(looked), …",
            hint: spec ?? made(near: argument).map { "there are the builds \($0)" }
                ?? "name what 'moby build' made: moby run qemu nginx")
    }
}
