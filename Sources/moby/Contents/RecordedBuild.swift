internal import Extents
internal import FoundationEssentials
internal import MobyBuild
internal import MobyPackage
internal import MobySpec
internal import OCI

/// A build that was made before, by its record.
struct RecordedBuild {
    /// The record's own path.
    let path: String
    let record: BuildRecord
    let inputs: BuildRecord.Inputs
    let options: BuildRecord.Options

    /// Of the files that the record lists.
    var folder: String { PartialFiles.folder(of: path) }

    /// - Parameter argument: a record, a file that one lists, or a build's prefix.
    /// - Returns: nil for anything else, e.g. a spec.
    init?(_ argument: String) throws {
        guard let (path, record) = try Self.find(argument) else { return nil }
        guard let inputs = record.inputs, let options = record.options else {
            throw BuildError(
                "'\(PlainText.short(path))' does not say what the build was made from: an older moby wrote it",
                hint: "build again with this moby")
        }
        (self.path, self.record, self.inputs, self.options) = (path, record, inputs, options)
    }

    private static func find(_ argument: String) throws -> (String, BuildRecord)? {
        let end = BuildRecord.fileName("")
        if argument.hasSuffix(end), let record = try BuildRecord.read(prefix: String(argument.dropLast(end.count))) {
            return (argument, record)
        }
        if argument.hasSuffix(".yml") || argument.hasSuffix(".yaml") || argument == "-" { return nil }
        if let record = try BuildRecord.read(prefix: argument) { return (BuildRecord.fileName(argument), record) }
        guard try HostFiles.exists(argument), try !HostFiles.isFolder(argument),
            let (record, _) = try BuildRecord.listing(argument), let name = record.options?.name
        else { return nil }
        let folder = PartialFiles.folder(of: argument)
        return ("\(folder == "." ? "" : folder + "/")\(BuildRecord.fileName(name))", record)
    }

    /// The platform that it was built for.
    var platform: Platform {
        let parts = record.platform.split(separator: "/").map(String.init)
        guard parts.count >= 2 else { return .host }
        return Platform(os: parts[0], architecture: parts[1], variant: parts.count > 2 ? parts[2] : nil)
    }

    /// What the names of its images meant, where the store does not have the same under them.
    /// - Parameter isAsked: whether registries are asked even for what the store has.
    func pins(_ store: ContentStore, asking isAsked: Bool) throws -> [String: ImagePin] {
        var pins: [String: ImagePin] = [:]
        for image in inputs.images {
            guard !ImageProvider.isLocalSource(image.reference), let digest = Digest(image.digest),
                let reference = try? ImageReference(image.reference), !reference.isLocal
            else { continue }
            let platform = try image.platform.map { try Platform($0) } ?? platform
            let name = reference.description
            if !isAsked, try store.image(named: name, platform: platform)?.digest == digest { continue }
            var pin = pins[name] ?? ImagePin(digest: digest, manifests: [:], origin: path)
            pin.manifests[platform] = digest
            pins[name] = pin
        }
        return pins
    }

    /// The spec, as it was built. Its system images are known to `packages`, which makes those that the store does not
    /// have.
    func spec(_ packages: Packages, _ store: ContentStore) throws -> Spec {
        for image in inputs.images {
            guard let reference = try? ImageReference(image.reference), reference.isLocal,
                let name = reference.repository.split(separator: "/").last.map(String.init),
                // What the store has needs no definition, and package folders of others have none here.
                try store.image(named: image.reference, platform: platform) == nil,
                try Packages.installation.has(name)
            else { continue }
            _ = try packages.reference(.installed(name))
        }
        // Values of variables are in it already, and without variables nothing is expanded.
        let (spec, _) = try SpecReader.read(
            [SpecReader.Source(name: "\(path)#spec", text: inputs.spec, folder: ".")],
            outputFormats: OutputFormat.namesInSpecs,
            notMade: OutputFormat.unsupported, ignoringTrust: true
        ) { try packages.reference($0) }
        return spec
    }
}

/// The spec of a command that takes spec files, or a build that was made before.
struct BuiltSpec {
    let spec: Spec
    let store: ContentStore
    let options: BuildOptions

    init(_ names: [String], _ variables: VariableOptions, _ images: ImageOptions, _ global: FetchOptions) async throws {
        store = try global.store()
        var options = BuildOptions()
        options.provider = try images.provider(global)
        let recorded = names.count == 1 ? try RecordedBuild(names[0]) : nil
        if let recorded {
            options.provider.platform = recorded.platform
            options.provider.pins = try recorded.pins(store, asking: images.pull)
        }
        let packages = try Packages(store: store, provider: options.provider, level: global.level)
        let spec: Spec
        if let recorded {
            spec = try recorded.spec(packages, store)
        } else {
            spec = try await SpecInput.spec(names, global.source, variables) { try packages.reference($0) }
        }
        self.options = options
        self.spec = try await packages.build(for: spec)
    }
}
