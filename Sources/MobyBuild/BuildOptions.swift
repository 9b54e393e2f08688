public import Archive
public import Extents
public import OCI

/// Options of a build, in addition to the spec.
public struct BuildOptions: Sendable {
    /// Names of output formats; empty takes those of the spec, else `kernel+initrd`.
    public var formats: [String] = []
    /// Folder of the output files.
    public var directory = "."
    /// Prefix of the output files' names.
    public var name = "moby"
    /// Where a streamable format goes instead: a file, or `-` for standard output.
    public var output: String?
    /// Minimum size of a disk in bytes, for formats with one.
    public var size: UInt64?
    /// The image with boot loaders, for formats that boot by themselves; nil is what the spec says, and there is no
    /// other default.
    public var bootLoaders: String?
    /// Signs EFI executables.
    public var signing: SecureBootKey?
    /// Times of files on media, in seconds since 1970.
    public var time = Self.defaultTime
    /// 1980-01-01: the first day that FAT knows.
    public static let defaultTime: UInt64 = 315_532_800
    /// 2107-12-31 23:59:59: the last second that FAT knows.
    public static let lastTime: UInt64 = 4_354_819_199
    /// Compression of the initrd; nil is zstd level 3 where the kernel reads it, else gzip.
    public var compression: Compression?
    /// Unpacks the kernel, for boot loaders and hypervisors that cannot.
    public var decompressKernel = false
    /// Whether layers and segments of the store are compared with their checksums on their way into the outputs.
    public var verifies = true
    /// The folder that `~/` in `files:` means.
    public var home: String?
    /// Whether warnings are errors: nothing is written then.
    public var isStrict = false
    /// Software bills of materials.
    public var sbom = SBOMOptions()
    /// Whether `NAME.provenance.json` is written (in-toto, SLSA), and the record has digests of the outputs.
    public var writesProvenance = false
    /// The program that builds, for the record, e.g. `moby 1.2.0`.
    public var builder: String?
    /// What other machines share; nil is nothing.
    public var shared: SharedCache?
    /// Where images come from, platform and pull policy among it.
    public var provider = ImageProvider.Options()

    public init() {}
}

/// Options that contradict each other, or the formats of a build.
public struct OptionError: HintedError, CustomStringConvertible, Sendable, Equatable {
    public let description: String
    public let hint: String?

    init(_ description: String, hint: String) {
        self.description = description
        self.hint = hint
    }
}

/// A build that cannot go on: what was found, and what to do about it.
public struct BuildError: HintedError, CustomStringConvertible, Sendable, Equatable {
    public let description: String
    public let hint: String?

    public init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }

    /// A format that boots by itself, and nothing names the image that its boot loaders come from.
    public static let noBootLoaders = BuildError(
        "a format that boots by itself needs an image with boot loaders, but none is given", hint: bootLoadersHint)

    static let bootLoadersHint =
        "install moby with its folder share/moby, which has them as @moby:bootloaders, or name an image with --bootloader"
}
