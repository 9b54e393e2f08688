internal import ArgumentParser
internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import MobyBuild
internal import MobyInspect

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what an artifact is made of: partitions, file systems, boot entries, sections, the segments of an initrd.")

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "A file that 'moby build' wrote, or one like it; '-' is standard input.") var file: String

    func run() throws {
        let inspection = try Artifacts.open(file)
        let names = BuildSummary.sources(of: file)
        inspection.addNames { names[$0] }
        print(json ? try Artifacts.json(inspection.root.document) : inspection.root.text(name: file), terminator: "")
        try Artifacts.check(inspection)
    }
}

struct ListFiles: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the files in an artifact, those of the initrd in it too.")

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "A file that 'moby build' wrote, or one like it; '-' is standard input.") var file: String
    @Argument(help: "A path for the first file system that has it, or VOLUME:PATH, e.g. esp:/EFI.") var path: String?

    func run() throws {
        let inspection = try Artifacts.open(file)
        let found = try inspection.list(path)
        if json {
            print(try Artifacts.json(found.map { Volume.Row($0.file, in: $0.volume) }), terminator: "")
        } else {
            for entry in found { print(entry.file.line(in: entry.volume)) }
        }
        try Artifacts.check(inspection)
    }
}

struct PrintFile: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Print a file in an artifact, one of the initrd in it too.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "A file that 'moby build' wrote, or one like it; '-' is standard input.") var file: String
    @Argument(help: "A path for the first file system that has it, or VOLUME:PATH, e.g. esp:/EFI/BOOT/BOOTX64.EFI.") var path: String

    func run() throws {
        let inspection = try Artifacts.open(file)
        var output = try FileSink(descriptor: 1, name: "standard output")
        try inspection.read(path) { try output.write($0) }
        try output.flush()
    }
}

/// What the commands that look into artifacts share.
private enum Artifacts {
    /// - Parameter path: a file, a pipe or device, or `-` for standard input.
    static func open(_ path: String) throws -> Inspection {
        let scratch = Terminal.environment["TMPDIR"] ?? "/var/tmp"
        do {
            if path == "-" { return try Inspection(reading: STDIN_FILENO, name: "standard input", scratch: scratch) }
            var info = stat()
            // A regular file, a folder, or nothing: the file is not read before it is wanted.
            let isStream = stat(path, &info) == 0 && ![S_IFREG, S_IFDIR].contains(info.st_mode & S_IFMT)
            guard isStream else { return try Inspection(ExtentList(file: path), scratch: scratch) }
            let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { throw FileError("open", path) }
            defer { close(file) }
            return try Inspection(reading: file, name: path, scratch: scratch)
        } catch let error as FileError {
            throw error
        } catch {
            throw Unreadable(path: path, error: error)
        }
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }

    /// Damage is an error, after what could be read was printed.
    static func check(_ inspection: Inspection) throws {
        for fault in inspection.faults { Terminal.error("error: \(PlainText.of(fault))") }
        if !inspection.faults.isEmpty { throw ExitCode(1) }
    }

    private struct Unreadable: HintedError, CustomStringConvertible {
        let path: String
        let error: any Error
        /// Errors of this kind are fit for a terminal already.
        var description: String { PlainText.of("'\(path)': ") + (error is InspectError ? "\(error)" : PlainText.of("\(error)")) }
        var hint: String? { (error as? any HintedError)?.hint }
    }
}
