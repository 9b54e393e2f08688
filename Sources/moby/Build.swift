internal import Archive
internal import ArgumentParser
internal import Extents
internal import MobyBuild
internal import MobyRun
internal import MobySpec
internal import OCI

struct Build: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Build images from YAML files.",
        usage: "moby build [options] <file>[.yml]... | -",
        discussion: """
            Several files are merged, later ones win. A build also writes NAME-build.json, which lists its files and what they were made of. When \
            formats have a file name in common, the first in this list keeps it, and the files of the others begin with NAME-FORMAT; \
            the build says so. What is most likely not meant is a warning, as 'moby lint' prints it. Exit codes: 0; 1 when something \
            cannot be read, fetched or written; 2 when a file is wrong; 64 for wrong usage. Formats: \(all).
            """)

    private static let all = OutputFormat.all.filter(\.isAvailable).map(\.name).joined(separator: ", ")

    @OptionGroup var global: FetchOptions
    @OptionGroup var images: ImageOptions
    @Option(help: "What the names of output files begin with (default: the last file's name).") var name: String?
    @Option(help: "Folder of the output files.", completion: .directory) var dir: String?
    @Option(
        name: [.customShort("o"), .customLong("output"), .customLong("o")],
        help: ArgumentHelp("Where a streamable format goes: a file, or '-'.", valueName: "file"), completion: .file())
    var output: String?
    @Option(
        name: .shortAndLong, parsing: .singleValue,
        help: "Output formats; names of 2017 are taken too; repeatable, or with commas.",
        completion: Completions.formats)
    var format: [String] = []
    @Option(help: ArgumentHelp("Least size of a disk: a number of MiB, or with K, M, G or T.", valueName: "size"))
    var size: String?
    @Option(
        help: ArgumentHelp(
            "Image with the boot loaders, or @pkg:dir (default: the spec's boot.image, else built from pkg/bootloaders of the source that moby is in).",
            valueName: "image"), completion: Completions.images)
    var bootloader: String?
    @Option(
        help: ArgumentHelp(
            "Compression of the initrd: zstd[:level], gzip, none (default: what the kernel reads best).",
            valueName: "how"),
        completion: .list(["zstd", "gzip", "none"]))
    var compress: String?
    @Option(
        help: ArgumentHelp("Sign EFI executables for Secure Boot: PEM of an RSA key.", valueName: "file"),
        completion: .file())
    var signKey: String?
    @Option(
        help: ArgumentHelp("PEM of the certificate that belongs to --sign-key.", valueName: "file"), completion: .file()
    )
    var signCert: String?
    @Flag(help: "Unpack the kernel, for loaders that cannot.") var decompressKernel = false
    @Flag(help: "Take warnings as errors: nothing is written, and the exit code is 2.") var strict = false
    @Flag(help: "Print the merged, resolved spec, with whole image names, and stop.") var dryRun = false
    @Flag(help: "Keep here what the spec's outputs want uploaded.") var noUpload = false
    @Flag(help: "Trust the store: do not compare its layers and segments with their checksums.") var noVerify = false
    @OptionGroup(visibility: .hidden) var linuxKit: LinuxKitOptions
    @Argument(help: "YAML files; '-' is standard input; URLs are fetched.", completion: Completions.specs) var files:
        [String]

    mutating func validate() throws {
        if (signKey == nil) != (signCert == nil) { throw ValidationError("--sign-key and --sign-cert go together") }
        if name?.isEmpty == true { throw ValidationError("--name is empty") }
        if let name, name.contains("/") {
            throw ValidationError("--name '\(PlainText.short(name))' has a '/' in it; the folder is named by --dir")
        }
        if let tar = linuxKit.inputTar, let output, InputFile.isSame(tar, output) {
            throw ValidationError(
                "--input-tar and --output name the same file, '\(PlainText.short(output))'; it would be overwritten")
        }
        if output == "-", !dryRun {
            do { try Terminal.checkBinaryOutput(hint: "redirect it, or name a file with --output") } catch let error
                as Terminal.BinaryOutput
            {
                throw ValidationError("\(error)\n  hint: \(error.hint ?? "")")
            }
        }
        for name in formats {
            guard !name.isEmpty else {
                let given = format.joined(separator: "', '")
                throw ValidationError(
                    "--format has an empty name in '\(PlainText.short(given))'; 'moby formats' lists what there is")
            }
            do { _ = try OutputFormat.available(name) } catch { throw ValidationError("\(error); \(error.hint ?? "")") }
        }
    }

    private var formats: [String] {
        format.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    func run() async throws {
        if global.level > 0 { linuxKit.notes.forEach(Terminal.error) }
        let time = try SourceDate.read(Terminal.environment)
        let images = self.images.provider(global)
        let store = try dryRun ? global.storeToRead() : global.store()
        let packages = Packages(store: store, platform: images.platform, level: global.level)
        let (spec, warnings) = try await SpecInput.read(
            files, global.source, ignoringTrust: linuxKit.disableContentTrust
        ) {
            try packages.reference($0)
        }
        var options = try self.options(images)
        try report(warnings, options)
        if let time { options.time = time }
        if dryRun {
            BuildReport.note(try Builder.notes(spec, options), level: global.level)
            return print(spec.renamingImages(ImageProvider.canonical).yaml, terminator: "")
        }
        _ = try Builder.notes(spec, options)
        // `--format` wins over the spec's outputs, and over what is done with them.
        let isUploading = !noUpload && format.isEmpty && output == nil
        let uploads = try isUploading ? BuildUploads(spec, name: baseName) : nil
        let result = try await healing(store).run { [options] in
            var options = options
            try await packages.build(for: spec)
            if try Builder.needsBootLoaders(spec, options) {
                options.bootLoaders = try await packages.bootLoaders(bootloader ?? spec.boot.image?.value)
            }
            return try await Builder(store: store, options: options).build(spec)
        }
        try report(result.warnings, options)
        BuildReport(result).print(level: global.level)
        if let remark = BuildUploads.remark(on: formats), global.level > 0, !noUpload { Terminal.error(remark) }
        try await uploads?.run(result, level: global.level, global.certFile)
    }

    /// Prints warnings, or ends with them when they are to be errors.
    private func report(_ warnings: [Diagnostic], _ options: BuildOptions) throws {
        guard !warnings.isEmpty else { return }
        if options.isStrict { throw SpecError(warnings.map(\.asError)) }
        if global.level > 0 { Terminal.error(SpecInput.render(warnings)) }
    }

    private func healing(_ store: ContentStore) -> Healing {
        // What went to standard output cannot be taken back.
        Healing(store: store, canRepeat: output != "-") { Terminal.error($0) }
    }

    private var baseName: String { name ?? SpecInput.baseName(files) }

    private func options(_ provider: ImageProvider.Options) throws -> BuildOptions {
        var options = BuildOptions()
        options.formats = formats
        options.directory = dir ?? "."
        options.name = baseName
        options.output = output
        options.isStrict = strict
        options.decompressKernel = decompressKernel
        options.home = Terminal.environment["HOME"]
        options.verifies = !noVerify
        options.provider = provider
        if let compress { options.compression = try CompressionOption.parse(compress) }
        if let size { options.size = UInt64(try MemorySize.mebibytes(size, unit: .mebibytes, option: "--size")) << 20 }
        if let signKey, let signCert { options.signing = (signKey, signCert) }
        return options
    }
}

/// What a build says when it is done: results to standard output, the rest to standard error.
struct BuildReport {
    private let result: BuildResult

    init(_ result: BuildResult) { self.result = result }

    func print(level: Int) {
        guard level > 0 else { return }
        Self.note(result.notes, level: level)
        if level > 1 {
            for segment in result.segments {
                let state = segment.isHit ? "cached " : "encoded"
                let sizes = "\(Self.column(segment.bytes.length)) of \(Self.column(segment.record.unpacked))"
                let role = segment.key.role.rawValue
                Terminal.error(
                    "  \(state) \(sizes)  \(role)\(String(repeating: " ", count: max(0, 9 - role.count)))\(PlainText.short(segment.title))"
                )
            }
            for timing in result.timings { Terminal.error("  \(Terminal.seconds(timing.duration))  \(timing.step)") }
        }
        for file in result.files { Terminal.output("\(file.path)  \(Terminal.size(file.size))\n") }
        let hits = result.segments.filter(\.isHit).count
        Terminal.error(
            "\(result.segments.count) segments (\(hits) cached), \(Terminal.size(result.unpacked)) unpacked, "
                + "boots with \(result.minMemory) MiB of memory or more")
        if result.isRootInMemory, result.minMemory >= Self.muchMemory {
            Terminal.error("  hint: the whole root is in memory; the format kernel+erofs leaves it on a disk")
        }
    }

    /// What is not as one may think, to standard error.
    static func note(_ notes: [String], level: Int) {
        guard level > 0 else { return }
        for note in notes { Terminal.error("note: \(note)") }
    }

    /// From here on, in MiB, a build says how to need less.
    private static let muchMemory = 1024

    private static func column(_ bytes: UInt64) -> String {
        let text = Terminal.size(bytes)
        return String(repeating: " ", count: max(0, 9 - text.count)) + text
    }
}

/// `--compress`: `none`, `gzip`, `zstd`, `zstd:LEVEL`.
enum CompressionOption {
    static func parse(_ text: String) throws -> Compression {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("none", 1): return .none
        case ("gzip", 1): return .gzip
        case ("zstd", 1): return .zstd(level: 3)
        case ("zstd", 2):
            if let level = Int32(parts[1]), (1...19).contains(level) { return .zstd(level: level) }
        default: break
        }
        throw ValidationError(
            "--compress is '\(PlainText.short(text))', expected none, gzip, zstd or zstd:1 to zstd:19")
    }
}
