internal import Extents
public import OCI

/// The section `kernel`.
public struct KernelSpec: Sendable {
    public var image: Located<String>?
    public var cmdline: String?
    /// Name of the kernel in its image; nil is `kernel`, or the 2017 names `bzImage`, `vmlinuz64` where that is absent.
    public var binary: String?
    /// Name of the tar with modules in the kernel image; nil is `kernel.tar`; empty or `none` disables it.
    public var tar: String?
    /// Name of a microcode cpio in the kernel image.
    public var ucode: String?
    /// Modules wanted; nil packs all that the kernel image has.
    public var modules: [Located<String>]?
    /// Modules wanted in addition to ``modules``, or to the set of the kernel image.
    public var modulesAdd: [Located<String>]?

    public init() {}
}

/// The section `boot`.
public struct BootSpec: Sendable {
    /// Image with the boot loaders of formats that boot by themselves.
    public var image: Located<String>?

    public init() {}
}

/// An entry of `volumes`: a named folder that containers share.
public struct VolumeSpec: Sendable {
    public enum Format: String, Sendable, CaseIterable {
        /// The image's files.
        case filesystem
        /// The image itself, as an OCI image layout.
        case oci
        /// File systems that are made on the volume's disk when it is empty.
        case ext4, xfs, btrfs, vfat

        /// nil for what is not on a disk.
        public var fileSystem: String? {
            switch self {
            case .filesystem, .oci: nil
            case .ext4, .xfs, .btrfs, .vfat: rawValue
            }
        }

        /// The most bytes of a label.
        var labelLimit: Int {
            switch self {
            case .vfat: 11
            case .xfs: 12
            default: 16
            }
        }
    }

    public var name: String
    public var image: Located<String>?
    public var readonly = false
    public var format = Format.filesystem
    public var platforms: [Platform] = []
    /// The disk that has the volume's files; nil for a volume in memory.
    public var device: VolumeDevice?
    public var location: SourceLocation
}

/// An entry of `files`.
public struct FileSpec: Sendable {
    public enum Content: Sendable {
        case directory
        case symlink(String)
        case contents(String)
        /// A host path, relative to the working directory; `~/` is the home directory.
        case source(String)
        /// The merged spec itself: `yaml` or `json`.
        case metadata(String)
    }

    /// Without a leading slash.
    public var path: String
    public var content: Content
    public var optional = false
    /// Permission bits; nil is 0600, 0700 for a directory.
    public var mode: UInt16?
    public var uid: Identity?
    public var gid: Identity?
    public var location: SourceLocation
}

/// The section `trust`: whose signatures a file of LinuxKit wants verified. Nothing verifies them here.
public struct TrustSpec: Sendable {
    /// Image references.
    public var images: [String]?
    /// Organizations; all their images are included.
    public var organizations: [String]?
    public var location: SourceLocation

    /// Which signatures are not verified, in words; nil when the section asks for none.
    var demand: String? {
        let names =
            (images ?? []).map { "image '\(PlainText.short($0))'" }
            + (organizations ?? []).map { "organization '\(PlainText.short($0))'" }
        guard !names.isEmpty else { return nil }
        let most = 4
        return names.prefix(most).joined(separator: ", ")
            + (names.count > most ? " and \(names.count - most) more" : "")
    }
}

/// An entry of the 2017 `outputs` section.
public struct OutputSpec: Sendable {
    public var format: Located<String>
    public var project: Located<String>?
    public var bucket: Located<String>?
    public var family: Located<String>?
    public var keys: Located<String>?
    public var isPublic: Bool?
    public var replace: Bool?
}
