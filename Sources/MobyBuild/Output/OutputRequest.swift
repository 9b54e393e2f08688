internal import BootLayout
internal import DiskImage
public import Extents
internal import OCI

/// What formats need in addition to the files that boot.
struct OutputRequest: Sendable {
    /// Name of the build; ids on media derive from it.
    var name: String
    /// Prefix of the files' names instead, for a format whose own names belong to another format of the build.
    var basename: String?
    /// What the images are for.
    var platform = Platform.host
    /// Minimum size of a disk in bytes.
    var minimumSize: UInt64 = 0
    /// Of files on media, in seconds since 1970.
    var time: UInt64 = 0
    /// Text that is the same exactly when what boots is the same; ids on media derive from it.
    var identity: String = ""
    /// Set for formats whose ``OutputFormat/needsBootLoaders`` is true.
    var loaders: BootLoaders?

    /// Bytes that GUIDs, serials and the like derive from.
    var identityBytes: [UInt8] { Array("\(name)\n\(identity)".utf8) }

    /// Name of a file.
    func file(_ suffix: String) -> String { (basename ?? name) + suffix }

    /// Signs EFI executables; nil leaves them as they are.
    var signingKey: SigningKey?

    /// An EFI executable, signed when that is asked for.
    func signed(_ executable: ExtentList, _ what: String) async throws -> ExtentList {
        guard let signingKey else { return executable }
        return try await ContextError.wrapping("signing \(what)") { try await PE.signed(executable, with: signingKey) }
    }

    /// 32 bits that derive from the identity.
    func serial(_ purpose: String) -> UInt32 {
        SHA256.hash(identityBytes + Array("\n\(purpose)".utf8)).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    func bootLoaders() throws -> BootLoaders {
        guard let loaders else { preconditionFailure("a format that starts boot loaders did not ask for them") }
        return loaders
    }
}

/// What boots: the parts that every output format is made of.
public struct BootFiles: Sendable {
    /// The kernel; nil when the spec has none.
    public var kernel: ExtentList?
    /// CPU microcode: an archive that goes before the initrd, or nowhere.
    public var microcode: ExtentList?
    /// The segments one after the other, without the microcode.
    public var initrd: ExtentList
    /// The kernel's command line; empty when there is none.
    public var commandLine: String
    /// Text that is the same exactly when kernel, initrd and command line are: the keys that they were made by.
    var identity: String
    /// The same root as trees with where they come from, for formats that are archives of it.
    var root: [RootPart]
    /// The root for a disk, for each file system that a format of the build has as its ``OutputFormat/rootOnDisk``.
    var diskRoots: [RootFileSystem: DiskRoot] = [:]

    /// Microcode and segments, as the kernel reads them.
    public var wholeInitrd: ExtentList {
        guard let microcode else { return initrd }
        return ExtentList.concatenating([microcode, initrd])
    }

    /// Microcode and the small initrd that mounts a root on a disk.
    func initrd(for root: DiskRoot) -> ExtentList {
        .concatenating([microcode].compactMap(\.self) + root.segments.map(\.bytes))
    }
}
