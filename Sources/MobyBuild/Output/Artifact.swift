internal import BootLayout
internal import DiskImage
public import Extents
internal import Glibc
internal import MobySpec
internal import OCI

/// One file of an output, not yet written.
public struct Artifact: Sendable {
    public enum Content: Sendable {
        /// Bytes whose length is known.
        case extents(ExtentList)
        /// Bytes that are made as they are written.
        case stream(@Sendable (_ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void)
        /// The same, with something at the start that is known last: it needs a file, no pipe.
        case seekable(@Sendable (_ sink: inout FileSink) throws -> Void)
    }

    /// File name, e.g. `web-initrd.img`.
    public let name: String
    public let content: Content
    /// Name of the format that it is a file of.
    var format = ""
    /// nil until its format is known.
    var role: OutputFormat.Role?
    /// What it could not carry.
    var warnings: [Diagnostic] = []

    public init(name: String, _ content: Content) {
        self.name = name
        self.content = content
    }

    /// Writes the file under a temporary name; the caller commits it.
    /// - Throws: `FileError` with the size that the file needs, when there is no room.
    func written(to path: String) throws -> PartialFile {
        do {
            let file = try PartialFile(path)
            switch content {
            case .extents(let list): try file.write(list)
            case .stream(let produce): try file.stream { sink in try produce { try sink.write($0) } }
            case .seekable(let produce): try file.stream(produce)
            }
            return file
        } catch let error as FileError where error.path == path && [ENOSPC, EDQUOT, EFBIG].contains(error.code) {
            throw FileError(error, path: path, needed: try sizeOnDisk())
        }
    }

    /// How many bytes the file takes on disk. What is made as it is written is made once more, for nothing but its
    /// length.
    func sizeOnDisk() throws -> UInt64 {
        switch content {
        case .extents(let list): return list.dataRanges.reduce(0) { $0 + $1.upperBound - $1.lowerBound }
        case .stream(let produce):
            var size: UInt64 = 0
            try withUnsafeMutablePointer(to: &size) { size in try produce { size.pointee += UInt64($0.count) } }
            return size
        case .seekable(let produce):
            let nowhere = open("/dev/null", O_RDWR | O_CLOEXEC)
            guard nowhere >= 0 else { throw FileError("open", "/dev/null") }
            defer { close(nowhere) }
            var sink = try FileSink(descriptor: nowhere, name: "/dev/null")
            try produce(&sink)
            return sink.written
        }
    }

    /// Hands the bytes on, e.g. to standard output.
    public func stream(_ write: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch content {
        case .extents(let list): try ExtentReader.read(list, write)
        case .stream(let produce): try produce(write)
        case .seekable: throw BuildError("'\(name)' cannot be written to a pipe", hint: "name a file")
        }
    }
}

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
    func signed(_ executable: ExtentList, _ what: String) throws -> ExtentList {
        guard let signingKey else { return executable }
        return try context("signing \(what)") { try PE.signed(executable, with: signingKey) }
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

extension ExtentList {
    /// Lists one after the other, each padded with zeros to 4 bytes: between archives of an initrd the kernel wants
    /// just that.
    static func concatenating(_ lists: [ExtentList]) -> ExtentList {
        var result = ExtentList()
        for list in lists {
            for extent in list.extents { result.append(extent) }
            let rest = Int(result.length % 4)
            if rest > 0 { result.append(.bytes([UInt8](repeating: 0, count: 4 - rest))) }
        }
        return result
    }
}
