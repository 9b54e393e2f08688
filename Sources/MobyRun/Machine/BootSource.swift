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
