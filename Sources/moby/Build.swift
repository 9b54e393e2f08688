internal import ArgumentParser
internal import Extents
internal import JSON
internal import MobyBuild
internal import MobyRun
internal import MobySpec
internal import OCI

struct Build: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build images from YAML files.",
        usage: "moby build [options] <file>[.yml]... | -",
        discussion: HelpText.discussion(
            """
            Several files are merged; later ones win. A build also writes NAME-build.json, which lists its files and their sources. When formats \
            share a file name, the first in this list keeps it and the files of the others begin with NAME-FORMAT; a note says so. Likely \
            mistakes are warnings, as in 'moby lint'. Exit codes: 0 success; 1 something could not be read, fetched or written; 2 a file is \
            wrong; 64 wrong usage. Formats: \(all).
            """,
            examples: [
                "moby build web.yml", "moby build --format iso,qcow2 --dir out base.yml web.yml",
                "moby build --set TAG=1.27 --format tar -o - web.yml | gzip >web.tgz",
            ], page: "docs/building.md"))

    private static let all = OutputFormat.all.filter(\.isAvailable).map(\.name).joined(separator: ", ")

    @OptionGroup(title: "Output options") var result: BuildOutputOptions
    @OptionGroup(title: "Boot options") var boot: BuildBootOptions
    @OptionGroup(title: "SBOM options") var sbom: SBOMCommandOptions
    @OptionGroup(title: "Variable options") var variables: VariableOptions
    @OptionGroup(title: "Image options") var images: ImageOptions
    @OptionGroup(title: "Lock options") var lock: LockOptions
    @OptionGroup(title: "Shared cache options") var sharing: SharedCacheOptions
    @OptionGroup var global: FetchOptions
    @OptionGroup(visibility: .hidden) var linuxKit: LinuxKitOptions
    @Option(
        help: ArgumentHelp("Build what 'moby bundle' wrote, without a network.", valueName: "file"),
        completion: .file(extensions: ["tar"]))
    var bundle: String?
    @Argument(help: "YAML files; '-' is standard input; URLs are fetched.", completion: Completions.specs) var files:
        [String] = []

    mutating func validate() throws {
        if files.isEmpty, bundle == nil { throw ValidationError("Missing expected argument '<files> ...'") }
        if bundle != nil {
            if !files.isEmpty { throw ValidationError("--bundle and YAML files cannot be combined") }
            if lock.lock != nil { throw ValidationError("--bundle and --lock cannot be combined") }
        }
        if images.offline { try sharing.refuse(with: "--offline") }
        if bundle != nil { try sharing.refuse(with: "--bundle") }
        if result.check { try sharing.refuse(with: "--check") }
        if let tar = linuxKit.inputTar, let output = result.output, try HostFiles.isSame(tar, output) {
            throw ValidationError(
                "--input-tar and --output name the same file, '\(PlainText.short(output))', which would be overwritten")
        }
    }

    func run() async throws {
        if global.level > 0 { for note in linuxKit.notes { Terminal.error("note: \(note)", .note) } }
        let bundle = try bundle.map { try Bundle($0) }
        var build = SpecBuild(files, try images.provider(global), lock, global, variables)
        if let bundle {
            build.bundle = bundle
            build.options.name = bundle.contents.name
        }
        build.options = try options(build.options)
        build.printsJSON = result.json
        if !images.offline, bundle == nil, !result.check { build.sharing = try sharing.options() }
        build.policy = images.policy.policy
        build.isTrustIgnored = linuxKit.disableContentTrust
        // `--format` wins over the spec's outputs, and over what is done with them.
        build.isUploading = !result.noUpload && result.format.isEmpty && result.output == nil
        guard !result.dryRun else { return try await build.printSpec() }
        try await build.run()
        if result.check {
            try await ReproducibilityCheck(
                arguments: Array(CommandLine.arguments.dropFirst()), store: global.source.storage.storePath(),
                folder: build.options.directory, name: build.options.name
            ).run()
        }
        if let note = BuildUploads.note(on: result.formats), global.level > 0, !result.noUpload {
            Terminal.error("moby: \(note)", .note)
        }
    }

    private func options(_ defaults: BuildOptions) throws -> BuildOptions {
        var options = defaults
        options.formats = result.formats
        options.directory = result.dir ?? "."
        options.name = result.name ?? defaults.name
        options.output = result.output
        options.bootLoaders = boot.bootloader
        options.isStrict = result.strict
        options.decompressKernel = boot.decompressKernel
        options.verifies = !result.noVerify
        if let compress = boot.compress { options.compression = try CompressionOption.parse(compress) }
        options.size = try result.bytes()
        options.signing = boot.secureBoot.key
        options.sbom = try sbom.options()
        options.writesProvenance = sbom.provenance
        return options
    }
}

/// A build of spec files, as commands run it: packages are built first, warnings and results are printed, and what the
/// spec's outputs want uploaded is uploaded.
struct SpecBuild {
    private let files: [String]
    private let global: FetchOptions
    private let variables: VariableOptions
    private let lock: LockOptions
    var options: BuildOptions
    /// Ignores `trust`, without a warning.
    var isTrustIgnored = false
    var isUploading = true
    /// What is built in place of files.
    var bundle: Bundle?
    /// Prints the result as one JSON document in place of lines.
    var printsJSON = false
    /// Registries by which machines share what they build.
    var sharing = SharedCache.Options()
    /// The file of the policy, when it is not that of the spec.
    var policy: String?
    /// Prints no warnings.
    var isSilent = false

    init(
        _ files: [String], _ provider: ImageProvider.Options, _ lock: LockOptions, _ global: FetchOptions,
        _ variables: VariableOptions
    ) {
        self.files = files
        self.lock = lock
        self.global = global
        self.variables = variables
        options = BuildOptions()
        options.name = SpecInput.baseName(files)
        options.builder = "moby \(Version.text)"
        options.home = Terminal.environment["HOME"]
        options.provider = provider
    }

    /// Prints the merged, resolved spec.
    func printSpec() async throws {
        let job = try await job(bundle == nil ? global.storeToRead() : global.store()).0
        BuildReport.note(job.plan.notes, level: global.level)
        print(job.spec.renamingImages(ImageProvider.canonical).yaml, terminator: "")
    }

    func run() async throws {
        guard let bundle else { return try await run(global.store()) }
        let store = try global.store()
        let work = try WorkFolder(in: store.temporaryPath)
        defer { withExtendedLifetime(work) {} }
        try await Bundle.withFiles(bundle.extractFiles(into: work.path)) { try await run(store) }
    }

    private func run(_ store: ContentStore) async throws {
        let (job, packages, found) = try await job(store)
        let uploads = try uploads(job.spec)
        if printsJSON, uploads?.isEmpty == false {
            throw UsageError(
                "--json and the uploads that 'outputs' asks for cannot be combined",
                hint: "add --no-upload, and upload with 'moby push gcp'", command: ["build"])
        }
        var result = try await build(job, packages)
        let failure = await share(&result, job)
        let output = BuildReport(result)
        if printsJSON {
            print(output.json(name: options.name, job.spec, warnings: found).text(indent: 2))
        } else {
            output.print(level: global.level)
        }
        if let failure { throw failure }
        for (settings, publication) in uploads?.uploads(of: result) ?? [] {
            if publication.bucket == nil, global.level > 0 {
                Terminal.error("moby: no bucket given: uploading to gs://\(publication.bucketName)")
            }
            try await GoogleRun(settings).run(.push(publication), level: global.level, global.certFile)
        }
    }

    /// Sends what the build made to other machines. The outputs are written: an error comes after them.
    private func share(_ result: inout BuildResult, _ job: BuildJob) async -> (any Error)? {
        guard let shared = job.shared else { return nil }
        defer { result.shared = shared.report }
        do { try await shared.send() } catch { return error }
        return nil
    }

    /// The uploads after the build, checked before it.
    private func uploads(_ spec: Spec) throws -> BuildUploads? {
        guard isUploading else { return nil }
        return try BuildUploads(spec, name: options.name, environment: Terminal.environment) {
            Terminal.error(SpecInput.render($0), .warning)
        }
    }

    /// Builds for a command that uses the files itself: no report, no upload.
    func result() async throws -> BuildResult {
        let (job, packages, _) = try await job(global.store())
        return try await build(job, packages)
    }

    private func build(_ job: BuildJob, _ packages: Packages) async throws -> BuildResult {
        let result = try await job.run { plan, spec, options in
            // Again after damaged content was removed.
            if let bundle { _ = try bundle.install(for: options.provider.platform, into: try global.store()) }
            spec = try await packages.build(for: spec, shared: options.shared)
            guard plan.needsBootLoaders else { return }
            options.bootLoaders = try await packages.bootLoaders(
                options.bootLoaders ?? spec.boot.image?.value, shared: options.shared)
        }
        try report(result.warnings)
        return result
    }

    /// - Returns: the job, the packages of its spec, and the warnings about the text, which are printed.
    private func job(_ store: ContentStore) async throws -> (BuildJob, Packages, [Diagnostic]) {
        var options = options
        if let time = try SourceDate.read(Terminal.environment) { options.time = time }
        if let bundle { return try bundledJob(bundle, store, options) }
        let lock = try LockFile.find(files, lock)
        let packages = try Packages(store: store, provider: options.provider, level: global.level, lock: lock?.lock)
        let values = try variables.values()
        var (spec, warnings) = try await SpecInput.read(
            files, global.source, values, ignoringTrust: isTrustIgnored, isOffline: options.provider.pull == .never,
            lock: lock?.check(options.provider.platform)
        ) {
            try packages.reference($0)
        }
        warnings += values.unused(by: [spec])
        if let lock { warnings += try problems(lock, spec, packages, options) }
        try report(warnings)
        if let lock { options.provider.pins = lock.lock.pins(file: lock.path) }
        if !sharing.isEmpty {
            options.shared = try SharedCache(
                sharing, spec, policy: policy.map { try PolicyCheck(file: $0) }, store: store,
                provider: options.provider)
        }
        return (try BuildJob(spec, store: store, options: options), packages, warnings)
    }

    /// The job of a bundle: what it has is copied into the store, and nothing else is used.
    private func bundledJob(_ bundle: Bundle, _ store: ContentStore, _ options: BuildOptions) throws
        -> (BuildJob, Packages, [Diagnostic])
    {
        var options = options
        let platform = options.provider.platform
        (options.provider.pull, options.home) = (.never, "~")
        options.provider.pins = try bundle.install(for: platform, into: store)
        let packages = try Packages(bundle.lock, store: store, provider: options.provider, level: global.level)
        let values = try variables.values().adding(
            bundle.contents.variables, expandsAll: bundle.contents.expandsAll)
        var (spec, warnings) = try SpecInput.read(bundle, values) { try packages.reference($0) }
        warnings += values.unused(by: [spec])
        if try BuildPlan(spec, options).needsBootLoaders, spec.boot.image == nil || options.bootLoaders != nil {
            let template = options.bootLoaders.map { PackageTemplate($0) } ?? .installed("bootloaders")
            if let template { options.bootLoaders = try packages.reference(template) }
        }
        let found = try LockFile(bundle).problems(spec, packages, platform, home: "~", isFrozen: lock.frozen)
        guard !found.contains(where: { $0.severity == .error }) else { throw SpecError(found) }
        warnings += found
        try report(warnings)
        return (try BuildJob(spec, store: store, options: options), packages, warnings)
    }

    /// Warnings about the lock.
    /// - Throws: `SpecError` for what is not as the lock has it.
    private func problems(_ lock: LockFile, _ spec: Spec, _ packages: Packages, _ options: BuildOptions) throws
        -> [Diagnostic]
    {
        var found: [Diagnostic] = []
        if try BuildPlan(spec, options).needsBootLoaders {
            let wanted = options.bootLoaders ?? spec.boot.image?.value
            if let template = try wanted.map({ PackageTemplate($0) }) ?? Packages.ownBootLoaders {
                _ = try packages.reference(template)
            } else if let image = options.bootLoaders {
                let place = SourceLocation(file: lock.path, line: 1, column: 1)
                found += [lock.check(options.provider.platform).image(Located(image, at: place))].compactMap(\.self)
            }
        }
        found += try lock.problems(spec, packages, options.provider.platform, isFrozen: self.lock.frozen)
        guard !found.contains(where: { $0.severity == .error }) else { throw SpecError(found) }
        return found
    }

    /// Prints warnings, or ends with them when they are to be errors.
    private func report(_ warnings: [Diagnostic]) throws {
        guard !warnings.isEmpty else { return }
        if options.isStrict { throw SpecError(warnings.map(\.asError)) }
        if global.level > 0, !isSilent { Terminal.error(SpecInput.render(warnings), .warning) }
    }
}
