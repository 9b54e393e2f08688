internal import Archive
internal import ArgumentParser
internal import Extents
internal import MobyBuild
internal import MobyRun
internal import MobySpec
internal import OCI

struct Build: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build images from YAML files.",
        usage: "moby build [options] <file>[.yml]... | -",
        discussion: """
            Several files are merged; later ones win. A build also writes NAME-build.json, which lists its files and their sources. When formats \
            share a file name, the first in this list keeps it and the files of the others begin with NAME-FORMAT; a note says so. Likely \
            mistakes are warnings, as in 'moby lint'. Exit codes: 0 success; 1 something could not be read, fetched or written; 2 a file is \
            wrong; 64 wrong usage. Formats: \(all).
            """)

    private static let all = OutputFormat.all.filter(\.isAvailable).map(\.name).joined(separator: ", ")

    @OptionGroup var global: FetchOptions
    @OptionGroup var images: ImageOptions
    @Option(help: "Prefix of the output files' names (default: the last spec file's name).") var name: String?
    @Option(help: "Folder of the output files.", completion: .directory) var dir: String?
    @Option(
        name: [.customShort("o"), .customLong("output"), .customLong("o")],
        help: ArgumentHelp("Write a streamable format to a file, or '-'.", valueName: "file"), completion: .file())
    var output: String?
    @Option(
        name: .shortAndLong, parsing: .singleValue,
        help: "Output formats; also by their 2017 names; repeatable or comma-separated.",
        completion: Completions.formats)
    var format: [String] = []
    @Option(help: ArgumentHelp("Minimum size of a disk in MiB, or with K, M, G or T.", valueName: "size"))
    var size: String?
    @Option(
        help: ArgumentHelp(
            "Image with the boot loaders, or @pkg:dir (default: the spec's boot.image, else built from pkg/bootloaders of the checkout that moby runs in).",
            valueName: "image"), completion: Completions.images)
    var bootloader: String?
    @Option(
        help: ArgumentHelp(
            "Compression of the initrd: zstd[:level], gzip, none (default: what the kernel reads best).",
            valueName: "how"),
        completion: .list(["zstd", "gzip", "none"]))
    var compress: String?
    @Option(
        help: ArgumentHelp("Sign EFI executables for Secure Boot with this RSA key, in PEM.", valueName: "file"),
        completion: .file())
    var signKey: String?
    @Option(
        help: ArgumentHelp("Certificate for --sign-key, in PEM.", valueName: "file"), completion: .file()
    )
    var signCert: String?
    @Flag(help: "Decompress the kernel, for boot loaders that cannot.") var decompressKernel = false
    @Flag(help: "Treat warnings as errors: write nothing and exit with 2.") var strict = false
    @Flag(help: "Print the merged spec with full image names, and stop.") var dryRun = false
    @Flag(help: "Do not upload what the spec's outputs ask for.") var noUpload = false
    @Flag(help: "Trust the store: do not verify checksums of layers and segments.") var noVerify = false
    @OptionGroup(visibility: .hidden) var linuxKit: LinuxKitOptions
    @Argument(help: "YAML files; '-' is standard input; URLs are fetched.", completion: Completions.specs) var files:
        [String]

    mutating func validate() throws {
        if (signKey == nil) != (signCert == nil) {
            throw ValidationError("--sign-key and --sign-cert require each other")
        }
        if name?.isEmpty == true { throw ValidationError("--name is empty") }
        if let name, name.contains("/") {
            throw ValidationError("--name '\(PlainText.short(name))' contains a '/'; use --dir to name the folder")
        }
        if let name, name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            throw ValidationError("--name '\(PlainText.short(name))' contains a control character")
        }
        if let tar = linuxKit.inputTar, let output, try HostFiles.isSame(tar, output) {
            throw ValidationError(
                "--input-tar and --output name the same file, '\(PlainText.short(output))', which would be overwritten")
        }
        if output == "-", !dryRun {
            try usage { try Terminal.checkBinaryOutput(hint: "redirect it, or name a file with --output") }
        }
        for name in formats {
            guard !name.isEmpty else {
                let given = format.joined(separator: "', '")
                throw ValidationError(
                    "--format has an empty name in '\(PlainText.short(given))'; 'moby formats' lists them")
            }
            do { _ = try OutputFormat.available(name) } catch { throw ValidationError("\(error); \(error.hint ?? "")") }
        }
        _ = try usage { try bytes(ofSize: size) }
    }

    private var formats: [String] {
        format.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    func run() async throws {
        if global.level > 0 { for note in linuxKit.notes { Terminal.error("note: \(note)", .note) } }
        var build = SpecBuild(files, images.provider(global), global)
        build.options = try options(build.options)
        build.isTrustIgnored = linuxKit.disableContentTrust
        // `--format` wins over the spec's outputs, and over what is done with them.
        build.isUploading = !noUpload && format.isEmpty && output == nil
        guard !dryRun else { return try await build.printSpec() }
        try await build.run()
        if let note = BuildUploads.note(on: formats), global.level > 0, !noUpload { Terminal.error(note, .note) }
    }

    private func options(_ defaults: BuildOptions) throws -> BuildOptions {
        var options = defaults
        options.formats = formats
        options.directory = dir ?? "."
        options.name = name ?? defaults.name
        options.output = output
        options.bootLoaders = bootloader
        options.isStrict = strict
        options.decompressKernel = decompressKernel
        options.verifies = !noVerify
        if let compress { options.compression = try CompressionOption.parse(compress) }
        options.size = try bytes(ofSize: size)
        if let signKey, let signCert { options.signing = (signKey, signCert) }
        return options
    }

    private func bytes(ofSize text: String?) throws -> UInt64? {
        try text.map { UInt64(try MemorySize.mebibytes($0, unit: .mebibytes, option: "--size")) << 20 }
    }
}

/// A build of spec files, as commands run it: packages are built first, warnings and results are printed, and what the
/// spec's outputs want uploaded is uploaded.
struct SpecBuild {
    private let files: [String]
    private let global: FetchOptions
    var options: BuildOptions
    /// Ignores `trust`, without a warning.
    var isTrustIgnored = false
    var isUploading = true

    init(_ files: [String], _ provider: ImageProvider.Options, _ global: FetchOptions) {
        self.files = files
        self.global = global
        options = BuildOptions()
        options.name = SpecInput.baseName(files)
        options.home = Terminal.environment["HOME"]
        options.provider = provider
    }

    /// Prints the merged, resolved spec.
    func printSpec() async throws {
        let job = try await job(global.storeToRead()).0
        BuildReport.note(job.plan.notes, level: global.level)
        print(job.spec.renamingImages(ImageProvider.canonical).yaml, terminator: "")
    }

    func run() async throws {
        let (job, packages) = try await job(global.store())
        let uploads = try isUploading ? BuildUploads(job.spec, name: options.name) : nil
        let result = try await job.run { job, options in
            try await packages.build(for: job.spec)
            guard job.plan.needsBootLoaders else { return }
            options.bootLoaders = try await packages.bootLoaders(options.bootLoaders ?? job.spec.boot.image?.value)
        }
        try report(result.warnings)
        BuildReport(result).print(level: global.level)
        try await uploads?.run(result, level: global.level, global.certFile)
    }

    private func job(_ store: ContentStore) async throws -> (BuildJob, Packages) {
        var options = options
        if let time = try SourceDate.read(Terminal.environment) { options.time = time }
        let packages = Packages(store: store, platform: options.provider.platform)
        let (spec, warnings) = try await SpecInput.read(files, global.source, ignoringTrust: isTrustIgnored) {
            try packages.reference($0)
        }
        try report(warnings)
        return (try BuildJob(spec, store: store, options: options), packages)
    }

    /// Prints warnings, or ends with them when they are to be errors.
    private func report(_ warnings: [Diagnostic]) throws {
        guard !warnings.isEmpty else { return }
        if options.isStrict { throw SpecError(warnings.map(\.asError)) }
        if global.level > 0 { Terminal.error(SpecInput.render(warnings), .warning) }
    }
}

/// Prints a build's results to standard output, the rest to standard error.
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
                + "needs at least \(result.minMemory) MiB of memory")
        if result.isRootInMemory, result.minMemory >= Self.muchMemory {
            Terminal.error("  hint: the whole root is in memory; format kernel+erofs keeps it on a disk")
        }
    }

    /// Prints notes to standard error.
    static func note(_ notes: [String], level: Int) {
        guard level > 0 else { return }
        for note in notes { Terminal.error("note: \(note)", .note) }
    }

    /// From this many MiB on, a build prints how to need less.
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
