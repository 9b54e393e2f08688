internal import BootLayout
internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import MobyBuild

/// What a machine boots from.
public enum BootSource: Hashable, Sendable {
    /// A kernel loaded by QEMU itself.
    case kernel(KernelFiles)
    /// An ISO.
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
    }

    /// Every file that QEMU will read; the one with the root file system is the last.
    public var files: [String] {
        switch self {
        case .kernel(let files): [files.kernel] + [files.initrd, files.squashfs, files.root].compactMap(\.self)
        case .iso(let path, _), .disk(let path, _, _): [path]
        }
    }

    /// The kernel command line, where it is not inside an image.
    var commandLine: String? {
        if case .kernel(let files) = self { files.commandLine } else { nil }
    }

    /// Whether the kernel command line, as far as it is known, lets PID 1 listen on the agent's ports.
    var opensAgent: Bool {
        let words = commandLine?.split(whereSeparator: \.isWhitespace).prefix { $0 != "--" } ?? []
        return words.contains { $0 == BootLayout.agentWord || $0 == "\(BootLayout.agentWord)=1" }
    }

    var uefi: Bool {
        switch self {
        case .kernel: false
        case .iso(_, let uefi), .disk(_, _, let uefi): uefi
        }
    }
}

/// How the user wants to boot, where a build has files for several ways.
public struct BootPreferences: Sendable, Equatable {
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

// MARK: Detection

extension BootSource {
    /// The command line of a build that left none; LinuxKit's of 2017.
    static let defaultCommandLine = "console=ttyS0 console=tty0 page_poison=1"

    /// Finds out what an argument of `moby run` is: a file to boot from, or the prefix of a build's files. The build's
    /// record says what each file is; without a record, the names of the output formats do.
    /// - Throws: ``RunError`` that names the files looked for; `FileError` for a file that cannot be read.
    public static func detect(_ argument: String, _ preferences: BootPreferences = BootPreferences()) throws
        -> BootSource
    {
        guard !argument.isEmpty else {
            throw RunError("nothing to run", hint: "name a build: moby run qemu nginx")
        }
        let needsPrefix = preferences.kernel || preferences.squashfs
        if !needsPrefix, try HostFiles.exists(argument), try !HostFiles.isFolder(argument) {
            return try image(argument, preferences)
        }
        let possible = BuildFiles.possible(argument)
        let builds = [try BuildFiles.recorded(argument), possible]
        if needsPrefix, let kernel = try builds.compactMap({ try kernel(of: $0, preferences) }).first {
            return kernel
        }
        for files in builds {
            if preferences == BootPreferences(), let kernel = try kernel(of: files, preferences) { return kernel }
            if let found = try images(of: files, preferences).first(where: { try HostFiles.exists($0.path) }) {
                return try image(found.path, BootPreferences(iso: preferences.iso, uefi: found.uefi))
            }
        }
        throw try missing(argument, preferences, images(of: possible, preferences).map(\.path))
    }

    /// The prefix of an argument, for names made from it.
    public static func prefix(_ argument: String) -> String {
        argument.hasSuffix(".iso") ? String(argument.dropLast(4)) : argument
    }

    private static func image(_ path: String, _ preferences: BootPreferences) throws -> BootSource {
        let row = OutputFormat.file(named: path)
        let entry = try BuildRecord.listing(path)?.file
        let base = row.map { String(path.dropLast($0.file.suffix.utf8.count)) } ?? path
        let isEFI = (entry?.firmware ?? row?.format.firmware) == .uefi || base.hasSuffix("-efi")
        let uefi = preferences.uefi || isEFI
        if preferences.iso, entry?.role != .root { return .iso(path, uefi: uefi) }
        let hint: String
        switch entry?.role ?? row?.file.role {
        case .iso: return .iso(path, uefi: uefi)
        case .archive where row?.format.medium == .disk: hint = "unpack the disk first, or build --format raw-bios"
        case .archive: hint = "it has a root file system, not a disk; build --format iso or qcow2"
        case .kernel, .initrd, .cmdline, .root: hint = "name the prefix: \(PlainText.short(base))"
        case _ where path.hasSuffix(".yml") || path.hasSuffix(".yaml"): hint = "build it first: moby build \(path)"
        case .disk, .efi, nil:
            let format = try DiskFormat.detect(path)
            guard format == .raw, DiskFormat.named(path) != .raw, try !hasBootSector(path) else {
                return .disk(path, format, uefi: uefi)
            }
            let near = try builds(near: path)
            let example = near.isEmpty ? "moby run qemu nginx" : list(near)
            hint = "it has no boot sector, which ends with 55 AA; name a build: \(example)"
        }
        throw RunError("'\(PlainText.short(path))' is not a bootable image", hint: hint)
    }

    /// The signature of a master boot record, which disks with a GPT have as well.
    private static func hasBootSector(_ path: String) throws -> Bool {
        try HostFiles.head(of: path, count: 512).dropFirst(510).elementsEqual([0x55, 0xAA])
    }

    /// The kernel to load, with what belongs to it.
    private static func kernel(of builds: [BuildFiles], _ preferences: BootPreferences) throws -> BootSource? {
        let builds = try builds.filter { try $0.has(.kernel) }
        // A root without an initrd is one that the kernel mounts.
        let squashfs = try builds.first { try $0[.initrd] == nil && (preferences.squashfs || $0.has(.root)) }
        if !preferences.kernel, let files = squashfs, let kernel = files[.kernel] {
            return .kernel(
                KernelFiles(kernel: kernel, commandLine: try files.commandLine(), squashfs: files[.root]))
        }
        if preferences.squashfs, !preferences.kernel { return nil }
        let withInitrd = builds.filter { $0[.initrd] != nil }
        // The command line of a build with its root on a disk names that root; that of `kernel+initrd` names none.
        let matching = try withInitrd.first { files in
            let line = try files.commandLine()
            guard let root = files.format.rootOnDisk else { return !line.contains(BootLayout.rootWord + "=") }
            return try files.has(.root) && line.contains(root.parameter)
        }
        guard let files = matching ?? withInitrd.first, let kernel = files[.kernel] else { return nil }
        return .kernel(
            KernelFiles(
                kernel: kernel, initrd: files[.initrd], commandLine: try files.commandLine(),
                root: matching == nil ? nil : files[.root]))
    }

    /// Bootable images, most likely first: what boots as the user wants it, then ISOs, then disks in QEMU's own format.
    private static func images(of builds: [BuildFiles], _ preferences: BootPreferences) -> [(path: String, uefi: Bool)]
    {
        let disks: [OutputFormat.Wrapping] = [.qcow2, .raw, .vmdk, .vhd]
        let images = builds.compactMap { files -> (path: String, isUEFI: Bool, rank: Int)? in
            let isUEFI = files.format.firmware == .uefi
            let first = isUEFI == preferences.uefi ? 0 : disks.count + 1
            if let path = files[.iso] { return (path, isUEFI, first) }
            guard !preferences.iso, let path = files[.disk] else { return nil }
            return (path, isUEFI, first + 1 + (disks.firstIndex(of: files.format.wrapping) ?? disks.count))
        }
        let order = images.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
        return order.map { (path: $0.element.path, uefi: $0.element.isUEFI || preferences.uefi) }
    }

    // MARK: Hints

    /// The builds next to a file.
    private static func builds(near path: String) throws -> [String] {
        let folder = folder(of: path)
        guard try HostFiles.isFolder(folder) else { return [] }
        return try BuildRecord.builds(in: folder).map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    }

    /// The same; nil for a folder that only lets known names through.
    private static func buildsIfListed(near path: String) throws -> [String]? {
        do { return try builds(near: path) } catch let error as FileError where error.code == EACCES { return nil }
    }

    /// With a slash at its end, unless it is the current one.
    private static func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "." }

    private static func list(_ names: [String]) -> String {
        names.prefix(5).map { "'\(PlainText.short($0))'" }.joined(separator: ", ") + (names.count > 5 ? ", …" : "")
    }

    /// What to do with a folder, which is not a build.
    private static func unsuitable(folder argument: String) throws -> RunError {
        let shown = PlainText.short(argument)
        let folder = argument.hasSuffix("/") ? argument : argument + "/"
        guard let builds = try buildsIfListed(near: folder) else {
            return RunError(
                "'\(shown)' is a folder that user \(geteuid()) may not list",
                hint: "name a build in it: moby run qemu \(PlainText.short(folder))NAME")
        }
        guard let first = builds.first else {
            return RunError(
                "'\(shown)' is a folder without a build", hint: "build one: moby build --dir \(shown) FILE.yml")
        }
        return RunError(
            "'\(shown)' is a folder; it holds the builds \(list(builds))",
            hint: "name one: moby run qemu \(PlainText.short(folder + first))")
    }

    /// - Throws: `FileError` when a folder cannot be read.
    private static func missing(_ argument: String, _ preferences: BootPreferences, _ images: [String]) throws
        -> RunError
    {
        let kernel = "\(argument)-kernel"
        let shown = PlainText.short(argument)
        if preferences.uefi, !preferences.kernel, try HostFiles.exists(kernel) {
            return RunError(
                "no image for UEFI under the name '\(shown)', only kernel and initrd",
                hint: "build one: moby build --format raw-efi, or boot '\(PlainText.short(kernel))' with --kernel")
        }
        if preferences.iso, try HostFiles.exists(kernel) {
            return RunError(
                "no ISO image to boot under the name '\(shown)'", hint: "without --iso it boots from its kernel")
        }
        if try HostFiles.isFolder(argument) { return try unsuitable(folder: argument) }
        var names = preferences.iso ? [] : [kernel]
        for image in images where !names.contains(image) { names.append(image) }
        let looked = names.prefix(4).map { "'\(PlainText.short($0))'" }
        let base = argument.split(separator: "/").last.map(String.init) ?? argument
        // `README.md` and `disk.qcow2` are files that do not exist, not names of specs.
        let isSpec = try !base.contains(".") || HostFiles.exists("\(argument).yml")
        let near = try buildsIfListed(near: argument)
        let others =
            switch near {
            case nil: "user \(geteuid()) may not list '\(PlainText.short(folder(of: argument)))': check the name"
            case []?: "name a build: moby run qemu nginx"
            case let near?: "these builds exist: \(list(near))"
            }
        return RunError(
            "nothing to boot under the name '\(shown)': no \(looked.joined(separator: ", ")), …",
            hint: isSpec ? "build it first: moby build \(PlainText.short(base)).yml" : others)
    }
}
