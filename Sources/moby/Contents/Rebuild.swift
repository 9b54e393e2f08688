internal import ArgumentParser
internal import Extents
internal import MobyBuild
internal import MobySpec
internal import OCI

struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Build again what a record describes, and compare.",
        usage: "moby rebuild [options] <name>-build.json|<artifact>|<prefix>",
        discussion: HelpText.discussion(
            """
            The result is 'identical', or the first difference and exit code 1. The files next to the record are compared; where they are \
            missing, the digests of the record, if it has them (moby build --provenance). Files that 'files:' takes from this machine are \
            found relative to the current folder.
            """,
            examples: ["moby rebuild out/web-build.json"], page: "docs/sbom.md"))

    @OptionGroup(title: "Image options") var images: ImageOptions
    @Option(help: ArgumentHelp("Keep the new files in this folder.", valueName: "dir"), completion: .directory)
    var keep: String?
    @OptionGroup(title: "Options for builds that were signed") var secureBoot: SecureBootOptions
    @OptionGroup var global: FetchOptions
    @Argument(help: "A build's record, a file that it lists, or the build's prefix.", completion: .file()) var build:
        String

    mutating func validate() throws {
        if images.architecture.arch != nil { throw ValidationError("--arch: the record names the platform") }
    }

    func run() async throws {
        guard let recorded = try RecordedBuild(build) else {
            throw BuildError(
                "'\(PlainText.short(build))' is not the record of a build, and no record lists it",
                hint: "name a file '\(BuildRecord.fileName("NAME"))'")
        }
        let work = try WorkFolder(in: Terminal.scratchFolder, prefix: "moby-rebuild-")
        defer { withExtendedLifetime(work) {} }
        let folder = keep ?? work.path
        let result = try await result(recorded, into: folder)
        let name = recorded.options.name
        guard let new = try BuildRecord.read(prefix: "\(folder)/\(name)") else {
            throw BuildError("the new build has no record")
        }
        if !result.warnings.isEmpty, global.level > 0 { Terminal.error(SpecInput.render(result.warnings), .warning) }
        let differences = try RebuildComparison(old: recorded, new: new, folder: folder).differences()
        guard differences.isEmpty else {
            for line in differences { print(line) }
            throw ExitCode(1)
        }
        print("identical: \(recorded.record.files.map { PlainText.short($0.name) }.joined(separator: ", "))")
    }

    private func result(_ recorded: RecordedBuild, into folder: String) async throws -> BuildResult {
        let store = try global.store()
        var options = BuildOptions()
        let old = recorded.options
        options.provider = try images.provider(global)
        options.provider.platform = recorded.platform
        options.provider.pins = try recorded.pins(store, asking: images.pull)
        (options.formats, options.name, options.directory) = (old.formats, old.name, folder)
        (options.size, options.decompressKernel, options.time) = (old.size, old.decompressKernel, old.time)
        options.compression = try old.compress.map { try CompressionOption.parse($0) }
        options.bootLoaders = old.bootLoaders
        // The SBOM names the program; a newer one is another program that may make the same bytes.
        options.builder = old.builder
        options.home = Terminal.environment["HOME"]
        options.sbom.path = old.sbom
        options.sbom.forms = old.sbomForms.map { $0.compactMap { SBOMOptions.Form(rawValue: $0) } } ?? []
        options.writesProvenance = recorded.record.files.contains { $0.sha256 != nil }
        options.signing = secureBoot.key
        if old.certificate != nil, options.signing == nil {
            throw BuildError(
                "the build was signed for Secure Boot, and its key is not in the record",
                hint: "give --sign-key and --sign-cert")
        }
        let packages = try Packages(store: store, provider: options.provider, level: global.level)
        let job = try BuildJob(recorded.spec(packages, store), store: store, options: options)
        return try await job.run { plan, spec, options in
            spec = try await packages.build(for: spec)
            guard plan.needsBootLoaders else { return }
            options.bootLoaders = try await packages.bootLoaders(old.bootLoaders)
        }
    }
}

/// A build and the same one made again.
private struct RebuildComparison {
    let old: RecordedBuild
    let new: BuildRecord
    /// Of the new files.
    let folder: String

    /// Differences of inputs, else of segments and files; nothing for identical builds.
    func differences() throws -> [String] {
        let inputs = inputs
        let segments = segments
        var found: [String] = []
        for file in old.record.files {
            if let line = try difference(file) { found.append(line) }
        }
        return found.isEmpty ? [] : inputs + segments + found
    }

    private var inputs: [String] {
        guard let now = new.inputs else { return [] }
        let images = old.inputs.images.compactMap { image -> String? in
            let other = now.images.first { $0.reference == image.reference }
            return other?.digest == image.digest
                ? nil
                : "image '\(PlainText.short(image.reference))': was \(image.digest), is \(other?.digest ?? "missing")"
        }
        let sources = old.inputs.sources.compactMap { source -> String? in
            let other = now.sources.first { $0.source == source.source }
            return other?.sha256 == source.sha256 ? nil : "file '\(PlainText.short(source.source))' has changed"
        }
        return images + sources
    }

    private var segments: [String] {
        if old.record.segments.count != new.segments.count {
            return ["the initrd had \(old.record.segments.count) segments, and has \(new.segments.count)"]
        }
        return zip(old.record.segments, new.segments).enumerated().compactMap { index, pair in
            guard pair.0.sha256 != pair.1.sha256 else { return nil }
            return "segment \(index + 1), \(pair.0.role) of '\(PlainText.short(pair.0.source))', differs"
        }
    }

    private func difference(_ file: BuildRecord.File) throws -> String? {
        let name = PlainText.short(file.name)
        let original = try file.path(nextTo: old.path)
        let again = "\(folder)/\(file.name)"
        guard try HostFiles.exists(again) else { return "\(name): was not made again" }
        if try HostFiles.exists(original) {
            return try ArtifactComparison(first: original, second: again).difference().map {
                "\(name): \($0.description)"
            }
        }
        guard let sha256 = file.sha256 else {
            throw BuildError(
                "'\(name)' is not next to its record, which has no digest of it",
                hint: "'moby build --provenance' writes digests to the record")
        }
        let size = try HostFiles.size(again) ?? 0
        if size != file.size { return "\(name): had \(file.size) bytes, and has \(size)" }
        return try HostFiles.sha256(again).hex == sha256 ? nil : "\(name): has another SHA-256"
    }
}
