public import BootLayout

/// An output format: its firmware, medium, wrapping and files, and the function that makes them. All are rows of one
/// table, ``all``; `moby run` reads it too.
public struct OutputFormat: Sendable, CustomStringConvertible {
    public enum Firmware: String, Codable, Sendable {
        case none, bios, uefi, both

        /// For lists.
        public var text: String {
            switch self {
            case .none: "-"
            case .bios: "BIOS"
            case .uefi: "UEFI"
            case .both: "BIOS, UEFI"
            }
        }
    }
    /// What a machine or a person does with a file.
    public enum Role: String, Codable, Sendable {
        case kernel, initrd
        /// The kernel command line.
        case cmdline
        /// A root file system.
        case root
        /// A disk that boots.
        case disk
        /// An ISO that boots.
        case iso
        /// An EFI executable that boots.
        case efi
        case archive
    }

    /// One file of a format.
    public struct File: Sendable, Equatable {
        /// What follows the build's name in the file's name.
        public let suffix: String
        public let role: Role

        init(_ suffix: String, _ role: Role) {
            self.suffix = suffix
            self.role = role
        }

        static let kernel = File("-kernel", .kernel)
        static let initrd = File("-initrd.img", .initrd)
        static let cmdline = File("-cmdline", .cmdline)
    }

    public enum Medium: String, Sendable { case files, disk, iso, archive }
    public enum Wrapping: String, Sendable { case none, raw, qcow2, vmdk, vhd, tar, tarGzip = "tar.gz" }

    public let name: String
    /// One line for lists.
    public let summary: String
    public internal(set) var firmware = Firmware.none
    public let medium: Medium
    public internal(set) var wrapping = Wrapping.none
    /// Its files, in the order that they are listed in.
    public let files: [File]
    /// Whether it is one stream of bytes that `-o` can take.
    public internal(set) var isStreamable = false
    /// Whether it needs the encoded initrd, or only the trees.
    var needsInitrd = true
    /// The file system of a root that stays on a disk instead of memory.
    public internal(set) var rootOnDisk: RootFileSystem?
    /// What to use instead of a format that moby does not support.
    var instead: String?
    /// Makes the files; nil for a format that moby does not support.
    var make: (@Sendable (BootFiles, OutputRequest) async throws -> [Artifact])?

    public var description: String { name }
    /// What follows the build's name in the names of the files.
    public var suffixes: [String] { files.map(\.suffix) }
    /// Names of the files, with `X` for the build's name, when no other format of the build has one of them.
    public var fileNames: [String] { suffixes.map { "X" + $0 } }
    /// Whether the root stays on a disk instead of memory.
    var hasRootOnDisk: Bool { rootOnDisk != nil }
    /// Whether its disk contains boot loaders of moby's own.
    var needsBootLoaders: Bool { firmware != .none }
    /// Whether this version can make it.
    public var isAvailable: Bool { make != nil }
}

extension OutputFormat {
    /// Every format, in the order of lists. Names and file names are LinuxKit's.
    public static let all: [OutputFormat] = [
        kernelInitrd, tar, tarKernelInitrd, docker, oci,
        OutputFormat(
            name: "kernel+squashfs", summary: "kernel and a squashfs root", medium: .files,
            files: [.kernel, File("-squashfs.img", .root), .cmdline],
            instead: "use kernel+erofs, which also has a compressed root on a disk"),
        kernelErofs, kernelISO,
        .iso("iso", "CD image for BIOS and UEFI, for USB sticks too", .both, ".iso"),
        .iso("iso-bios", "CD image for BIOS", .bios, ".iso"), .iso("iso-efi", "CD image for UEFI", .uefi, "-efi.iso"),
        .iso("iso-efi-initrd", "CD image for UEFI, under LinuxKit's other name", .uefi, "-efi-initrd.iso"),
        .disk("raw", "disk for BIOS and UEFI", .both, ".img", .raw),
        .disk("raw-bios", "disk for BIOS", .bios, "-bios.img", .raw),
        .disk("raw-efi", "disk for UEFI", .uefi, "-efi.img", .raw), uki,
        .disk("qcow2", "QEMU disk for BIOS and UEFI", .both, ".qcow2", .qcow2),
        .disk("qcow2-bios", "QEMU disk for BIOS", .bios, ".qcow2", .qcow2),
        .disk("qcow2-efi", "QEMU disk for UEFI", .uefi, "-efi.qcow2", .qcow2),
        .disk(
            "qcow2-compressed", "QEMU disk for BIOS and UEFI, compressed", .both, "-compressed.qcow2", .qcow2Compressed),
        .disk("aws", "disk for Amazon EC2", .both, ".raw", .raw),
        .disk("gcp", "disk for Google Compute Engine", .both, ".img.tar.gz", .tarGzip),
        .disk("vhd", "fixed VHD disk for Azure", .both, ".vhd", .vhd),
        .disk("dynamic-vhd", "dynamic VHD disk", .both, ".vhd", .dynamicVHD),
        .disk("vmdk", "VMware disk", .both, ".vmdk", .vmdk),
        OutputFormat(
            name: "rpi3", summary: "Raspberry Pi 3 boot files", medium: .archive, wrapping: .tar,
            files: [File(".tar", .archive)],
            instead: "it needs its own kernel and firmware; start from kernel+initrd or kernel+erofs"),
    ]

    /// Names of the 2017 `outputs:` section and what they are today.
    static let names2017 = ["gcp-img": "gcp", "gcp-storage": "gcp", "qcow": "qcow2"]

    /// Every format, and `kernel+initrd` with the file names of 2017: what builds may have left.
    package static let recognized = all + [kernelInitrd2017]

    /// The file of a format that a name ends like; the longest suffix decides.
    package static func file(named name: String) -> (format: OutputFormat, file: File)? {
        let all = recognized.flatMap { format in format.files.map { (format: format, file: $0) } }
        let fitting = all.filter { name.hasSuffix($0.file.suffix) }
        let length = fitting.map(\.file.suffix.utf8.count).max()
        // An ISO may also be the root of kernel+iso; nothing but a build record tells.
        let found = fitting.filter { $0.file.suffix.utf8.count == length }
        return found.first { $0.file.role != .root } ?? found.first
    }

    /// Known formats that are not supported, each with an alternative.
    public static var unsupported: [String: String] {
        Dictionary(uniqueKeysWithValues: all.filter { !$0.isAvailable }.map { ($0.name, $0.instead ?? "") })
    }

    /// What the `outputs` of a spec may ask for: today's names and those of 2017.
    public static var namesInSpecs: [String] {
        let names = all.filter(\.isAvailable).map(\.name)
        return names + names2017.filter { names.contains($0.value) && !names.contains($0.key) }.keys.sorted()
    }

    /// Other names that it can be asked for by.
    public var aliases: [String] { Self.names2017.filter { $0.value == name }.keys.sorted() }

    /// The format of a name.
    public static func named(_ name: String) -> OutputFormat? { all.first { $0.name == name } }
}
