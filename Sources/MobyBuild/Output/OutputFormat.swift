internal import BootLayout

/// One output format: what firmware it is for, on what medium, in what wrapping, and how it is made. All are values in
/// one table.
public struct OutputFormat: Sendable, CustomStringConvertible {
    public enum Firmware: String, Sendable {
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
    public enum Medium: String, Sendable { case files, disk, iso, archive }
    public enum Wrapping: String, Sendable { case none, raw, qcow2, vmdk, vhd, tar, tarGzip = "tar.gz" }

    public let name: String
    /// One line for lists.
    public let summary: String
    public let firmware: Firmware
    public let medium: Medium
    public let wrapping: Wrapping
    /// What follows the build's name in the files' names.
    public let suffixes: [String]
    /// Whether it is one stream of bytes that `-o` can take.
    public let isStreamable: Bool
    /// Whether it needs the encoded initrd, or only the trees.
    let needsInitrd: Bool
    /// The file system of a root that stays on a disk instead of memory.
    let rootOnDisk: RootFileSystem?
    /// What to take, for a format that is not made.
    let instead: String?
    /// How it is made; nil as long as nobody can.
    let make: (@Sendable (BootFiles, OutputRequest) throws -> [Artifact])?

    init(
        _ name: String, _ summary: String, firmware: Firmware = .none, medium: Medium, wrapping: Wrapping = .none,
        suffixes: [String],
        isStreamable: Bool = false, needsInitrd: Bool = true, rootOnDisk: RootFileSystem? = nil, instead: String? = nil,
        make: (@Sendable (BootFiles, OutputRequest) throws -> [Artifact])? = nil
    ) {
        self.name = name
        self.summary = summary
        self.firmware = firmware
        self.medium = medium
        self.wrapping = wrapping
        self.suffixes = suffixes
        self.isStreamable = isStreamable
        self.needsInitrd = needsInitrd
        self.rootOnDisk = rootOnDisk
        self.instead = instead
        self.make = make
    }

    public var description: String { name }
    /// Names of the files, with `X` for the build's name, when no other format of the build has one of them.
    public var fileNames: [String] { suffixes.map { "X" + $0 } }
    /// Whether the root stays on a disk instead of memory.
    var hasRootOnDisk: Bool { rootOnDisk != nil }
    /// Whether it starts boot loaders of our own.
    var needsBootLoaders: Bool { firmware != .none }
    /// The formats that this version makes, as a Markdown table.
    public static var table: String {
        let rows = all.filter(\.isAvailable).map { format in
            let files = format.fileNames.map { "`\($0)`" }.joined(separator: " ")
            let also =
                format.aliases.isEmpty ? "" : ", of 2017 " + format.aliases.map { "`\($0)`" }.joined(separator: " ")
            return "| `\(format.name)`\(also) | \(files) | \(format.firmware.text) | \(format.summary) |\n"
        }
        return "| format | files of build X | firmware | what it is |\n|---|---|---|---|\n" + rows.joined()
    }

    /// Whether this version can make it.
    public var isAvailable: Bool { make != nil }
}
