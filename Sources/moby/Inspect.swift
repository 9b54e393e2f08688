internal import ArgumentParser
internal import Extents
internal import FoundationEssentials
internal import Glibc
internal import MobyBuild
internal import MobyInspect
internal import MobyRun

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract:
            "Show the structure of an artifact: partitions, file systems, boot entries, sections, initrd segments.",
        usage: "moby inspect [options] <file>|<prefix>|-",
        discussion: HelpText.discussion(
            examples: ["moby inspect web.qcow2", "moby inspect --json web"], page: "docs/inspect.md"))

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Print JSON; for a prefix with several files, a list.") var json = false
    @Argument(help: Artifacts.help, completion: .file()) var file: String

    func run() throws {
        let found = try Artifacts.files(file).map { path in
            let inspection = try Artifacts.open(path)
            let names = try BuildRecord.sources(of: path)
            inspection.addNames { names[$0] }
            return (path: path, inspection: inspection)
        }
        if json {
            let documents = found.map(\.inspection.root.document)
            print(try documents.count == 1 ? Artifacts.json(documents[0]) : Artifacts.json(documents), terminator: "")
        } else {
            for (path, inspection) in found { print(inspection.root.text(name: path), terminator: "") }
        }
        try Artifacts.check(found.map(\.inspection))
    }
}

struct ListFiles: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the files in an artifact, including those of its initrd.",
        usage: "moby ls [options] <file>|<prefix>|- [[<volume>:]<path>]",
        discussion: HelpText.discussion(
            examples: ["moby ls web-initrd.img /etc", "moby ls web.iso esp:/EFI"], page: "docs/inspect.md"))

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: Artifacts.help, completion: .file()) var file: String
    @Argument(help: "Path in the first file system that has it, or VOLUME:PATH, e.g. esp:/EFI.") var path: String?

    func run() throws {
        let inspection = try Artifacts.open(try Artifacts.root(of: file))
        let found = try inspection.list(path)
        if json {
            print(try Artifacts.json(found.map { Volume.Row($0.file, in: $0.volume) }), terminator: "")
        } else {
            print(found.map { $0.file.line(in: $0.volume) + "\n" }.joined(), terminator: "")
        }
        try Artifacts.check([inspection])
    }
}

struct PrintFile: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Print a file in an artifact, or in its initrd.",
        usage: "moby cat [options] <file>|<prefix>|- [<volume>:]<path>",
        discussion: HelpText.discussion(
            examples: ["moby cat web.qcow2 /etc/motd"], page: "docs/inspect.md"))

    @OptionGroup var global: GlobalOptions
    @Argument(help: Artifacts.help, completion: .file()) var file: String
    @Argument(help: "Path in the first file system that has it, or VOLUME:PATH, e.g. esp:/EFI/BOOT/BOOTX64.EFI.")
    var path: String

    func run() throws {
        let inspection = try Artifacts.open(try Artifacts.root(of: file))
        var output = try FileSink(descriptor: 1, name: Terminal.outputName)
        try inspection.read(path) { bytes in
            guard Terminal.isFit(bytes) else {
                throw Terminal.binaryOutput(hint: "redirect it, e.g. moby cat … > FILE")
            }
            try output.write(bytes)
        }
        try output.flush()
    }
}

/// What the commands that look into artifacts share.
enum Artifacts {
    static let help: ArgumentHelp =
        "An artifact, a build's prefix as for 'moby run', or '-' for standard input."

    /// The files that an argument means: itself, or those that `moby run` would start under this prefix.
    static func files(_ argument: String) throws -> [String] {
        guard argument != "-", try !HostFiles.exists(argument) else { return [argument] }
        // The missing file is then reported by the argument's name.
        do { return try BootSource.detect(argument).files } catch is RunError { return [argument] }
    }

    /// Of these the one with the root file system.
    static func root(of argument: String) throws -> String { try files(argument).last ?? argument }

    /// - Parameter path: a file, a pipe of the shell, a block device, or `-` for standard input.
    static func open(_ path: String) throws -> Inspection {
        let scratch = Terminal.scratchFolder
        do {
            if path == "-" { return try Inspection(reading: STDIN_FILENO, name: "standard input", scratch: scratch) }
            if try HostFiles.isFolder(path) { throw folder(path) }
            // A regular file is read where it is needed, not from start to end.
            guard try HostFiles.isStream(path) else { return try Inspection(ExtentList(file: path), scratch: scratch) }
            let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { throw FileError("open", path) }
            defer { close(file) }
            return try Inspection(reading: file, name: path, scratch: scratch)
        } catch let error where error is FileError || error is UnfitFile {
            throw error
        } catch {
            throw Unreadable(path: path, error: error)
        }
    }

    static func json(_ value: some Encodable) throws -> String {
        String(decoding: try JSONText.pretty(value), as: UTF8.self) + "\n"
    }

    /// Damage is an error, after what could be read was printed.
    static func check(_ inspections: [Inspection]) throws {
        let errors = inspections.flatMap(\.errors)
        for damage in errors { Terminal.error("error: \(PlainText.of(damage))", .error) }
        if !errors.isEmpty { throw ExitCode(1) }
    }

    private static func folder(_ path: String) -> UnfitFile {
        let suffix = BuildRecord.fileName("")
        // A folder that cannot be listed offers no builds.
        let names = ((try? FolderTree.names(in: path)) ?? []).filter { $0.hasSuffix(suffix) }
        let builds = names.prefix(5).map { "'\(path)/\($0.dropLast(suffix.count))'" }.joined(separator: ", ")
        return UnfitFile(
            "'\(PlainText.short(path))' is a folder",
            hint: builds.isEmpty ? "name a file" : "it contains the builds \(builds)")
    }

    private struct Unreadable: HintedError, CustomStringConvertible {
        let path: String
        let error: any Error
        /// Errors of this kind are fit for a terminal already.
        var description: String {
            PlainText.of("'\(path)': ") + (error is InspectError ? "\(error)" : PlainText.of("\(error)"))
        }
        var hint: String? {
            if error is InspectError, path.hasSuffix(".yml") || path.hasSuffix(".yaml") {
                return "it is a spec: check it with 'moby lint' or build it with 'moby build'"
            }
            return (error as? any HintedError)?.hint
        }
    }
}
