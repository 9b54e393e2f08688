internal import Archive
internal import DiskImage
internal import Extents
internal import MachineModel
public import MobySpec
public import OCI
internal import Signatures

/// Builds outputs from a spec: the chain from images to files.
public struct Builder: Sendable {
    let store: ContentStore
    let options: BuildOptions
    let cache: BuildCache

    public init(store: ContentStore, options: BuildOptions) {
        var store = store
        store.verifies = options.verifies
        self.store = store
        self.options = options
        cache = BuildCache(store: store, shared: options.shared)
    }

    /// Builds and writes all outputs, or nothing.
    /// - Throws: `SpecError` for errors in the spec; `BuildError` and the errors of images, files and archives
    ///   otherwise.
    func build(_ spec: Spec, _ plan: BuildPlan) async throws -> BuildResult {
        do {
            let result = try await run(spec, plan)
            try store.releaseLargeLayers()
            return result
        } catch let problem as Diagnostic { throw SpecError([problem]) }
    }

    private func run(_ spec: Spec, _ plan: BuildPlan) async throws -> BuildResult {
        var log = StepLog()
        let formats = plan.formats
        try checkSections(spec, formats)
        try store.prepare()
        let provider = try provider(spec)
        let images = try await ImageSet.fetch(spec, store: store, cache: cache, provider: provider(nil))
        let layouts = try await VolumeLayouts.fetch(spec, provider: provider)
        try await prefetch(spec, plan, images, layouts, provider(nil))
        log.end("images")
        let containers = try await cache.supplied { try ContainerPlan(spec, images) }
        let kernel = try await cache.supplied { try KernelImage(spec.kernel, images) }
        try checkBoot(spec, formats, kernel)
        let check = ImageCheck(
            spec: spec, images: images, containers: containers, formats: formats, platform: options.provider.platform,
            kernel: kernel)
        let facts = try await cache.supplied { try check.initFacts() }
        log.end("configuration")
        let parts = RootAssembly.Parts(
            spec: spec, images: images, layouts: layouts, containers: containers, kernel: kernel)
        let bill = try MachineBill(spec, images, layouts, options)
        let root = try await RootAssembly(parts, options).assemble(
            sbom: try await cache.supplied { try bill.documentOfRoot() }, encoding: plan.needsInitrd,
            onDisk: formats.compactMap(\.rootOnDisk))
        log.end("segments")
        let found = try await cache.supplied { try check.found(facts, root.names, hasModules: true) }
        log.end("checks")
        let boot = try await cache.supplied { try bootFiles(spec, kernel, root) }
        let loaders = try await bootLoaders(spec, plan)
        try await prefetchTrees(plan, boot, images, layouts, loaders)
        let artifacts = try await cache.supplied { try await self.artifacts(plan, boot, request(boot, loaders)) }
        var result = result(plan, boot, root)
        result.warnings =
            containers.warnings + found + (plan.needsInitrd ? root.warnings : []) + artifacts.flatMap(\.warnings)
        try refuse(result.warnings)
        let named = images.all + layouts.all + (loaders.map { [($0.name, $0)] } ?? [])
        var record = record(result, spec.variables)
        record.inputs = try .init(spec, named, sources: root.names.sources, platform: options.provider.platform)
        record.options = try BuildRecord.Options(options, plan, bootLoaders: loaders?.name)
        let documents = try await cache.supplied { try self.documents(bill.adding(loaders).addingAttached()) }
        let outputs = OutputFiles(options: options, record: record, documents: documents, progress: store.progress)
        (result.files, result.documents) = try outputs.write(artifacts)
        result.timings = log.ending("outputs")
        return result
    }

    private func checkSections(_ spec: Spec, _ formats: [OutputFormat]) throws {
        let found = SectionCheck(spec, formats, formatsAreOpen: false).found
        guard found.isEmpty else { throw SpecError(found) }
    }

    private func checkBoot(_ spec: Spec, _ formats: [OutputFormat], _ kernel: KernelImage?) throws {
        let found = OutputFormat.bootErrors(
            formats, on: options.provider.platform, kernel: kernel?.file(decompressed: options.decompressKernel),
            at: spec.kernel.image?.location)
        guard found.isEmpty else { throw SpecError(found) }
    }

    /// SBOMs next to the outputs.
    private func documents(_ bill: MachineBill) throws -> [Artifact] {
        try options.sbom.forms.map { form in
            Artifact(name: options.name + form.suffix, .extents(ExtentList(bytes: try bill.document(form))))
        }
    }

    /// Ends the build for errors, and for warnings when they are to be errors.
    private func refuse(_ found: [Diagnostic]) throws {
        if options.isStrict, !found.isEmpty { throw SpecError(found.map(\.asError)) }
        if found.contains(where: { $0.severity == .error }) { throw SpecError(found) }
    }

    private func artifacts(_ plan: BuildPlan, _ boot: BootFiles, _ request: OutputRequest) async throws
        -> [Artifact]
    {
        var artifacts: [Artifact] = []
        for format in plan.formats {
            var request = request
            request.basename = plan.names.basename(of: format, name: options.name)
            for var artifact in try await format.make?(boot, request) ?? [] {
                artifact.format = format.name
                artifact.role = format.files.first { artifact.name == request.file($0.suffix) }?.role
                artifacts.append(artifact)
            }
        }
        return artifacts
    }

    private func result(_ plan: BuildPlan, _ boot: BootFiles, _ root: RootAssembly.Result) -> BuildResult {
        var result = BuildResult()
        result.segments = root.segments
        result.notes = plan.notes + root.names.notes
        result.isRootInMemory = !plan.formats.allSatisfy(\.hasRootOnDisk)
        func unpacked(_ segments: [Segment]) -> UInt64 { segments.reduce(0) { $0 + $1.record.unpacked } }
        func entries(_ segments: [Segment]) -> Int { segments.reduce(0) { $0 + $1.record.entries } }
        // The format that needs the most decides.
        let initrds =
            result.isRootInMemory
            ? [(root.segments, boot.wholeInitrd)] : boot.diskRoots.values.map { ($0.segments, boot.initrd(for: $0)) }
        result.unpacked = initrds.map { unpacked($0.0) }.max() ?? 0
        result.minMemory = MemoryEstimate.mebibytes(
            unpacked: result.unpacked, entries: initrds.map { entries($0.0) }.max() ?? 0,
            initrd: initrds.map(\.1.length).max() ?? 0,
            kernel: boot.kernel?.length ?? 0,
            commandLine: boot.commandLine)
        return result
    }

    /// The final configuration of the container of this name.
    /// - Throws: as ``build(_:)``; `BuildError` for an unknown container.
    public func explain(_ spec: Spec, name: String) async throws -> Explanation {
        let all = spec.containers
        guard all.contains(where: { $0.name == name }) else {
            let guess = Spelling.closest(to: name, in: all.map(\.name)).map { "did you mean '\($0)'? " } ?? ""
            throw BuildError(
                "unknown container '\(PlainText.short(name))'",
                hint: guess + "containers: \(all.map(\.name).joined(separator: ", "))")
        }
        var part = Spec()
        for section in Spec.Section.allCases { part[section] = spec[section] }
        let images = try await ImageSet.fetch(part, store: store, cache: cache, provider: provider(spec)(nil))
        let plan = try ContainerPlan(spec, images)
        guard let found = plan.explanations.last(where: { $0.placement.name == name }) else {
            throw BuildError("unknown container '\(PlainText.short(name))'")
        }
        return found
    }

    /// Where the images of a spec come from, for a platform; nil is that of the build. The policy of the options comes
    /// before that of the spec, which may be a stranger's.
    func provider(_ spec: Spec) throws -> @Sendable (Platform?) -> ImageProvider {
        var options = options.provider
        if options.admit == nil, let policy = try PolicyCheck(of: spec) { options.admit = policy.admit }
        return { [store, options, isLazy = cache.shared?.isLazy == true] platform in
            var options = options
            options.platform = platform ?? options.platform
            options.isLazy = isLazy
            return ImageProvider(store: store, options: options)
        }
    }

    /// The image with boot loaders, when a format needs it.
    private func bootLoaders(_ spec: Spec, _ plan: BuildPlan) async throws -> Image? {
        guard plan.needsBootLoaders else { return nil }
        guard let name = options.bootLoaders ?? spec.boot.image?.value else { throw BuildError.noBootLoaders }
        return try await provider(spec)(nil).image(name)
    }

    private func request(_ boot: BootFiles, _ loaders: Image?) throws -> OutputRequest {
        var request = OutputRequest(
            name: options.name, platform: options.provider.platform, minimumSize: options.size ?? 0, time: options.time,
            identity: boot.identity)
        guard let loaders else { return request }
        let tree = try context("flattening '\(PlainText.short(loaders.name))'") {
            try FileTree.flatten(layers: store.uncompressedLayers(of: loaders))
        }
        request.loaders = BootLoaders(
            name: loaders.name, architecture: Architecture(named: loaders.platform.architecture) ?? .host, tree: tree)
        request.identity += loaders.identity
        if let signing = options.signing {
            request.signingKey = try signing.key(environment: options.provider.environment)
        }
        return request
    }

    private func bootFiles(_ spec: Spec, _ kernel: KernelImage?, _ root: RootAssembly.Result) throws -> BootFiles {
        BootFiles(
            kernel: try kernel?.kernel(decompressed: options.decompressKernel), microcode: root.microcode?.bytes,
            initrd: .concatenating(root.segments.filter { $0.key.role != .microcode }.map(\.bytes)),
            commandLine: spec.kernel.cmdline ?? "",
            identity: ([kernel?.image.identity ?? "", spec.kernel.cmdline ?? ""] + root.segments.map(\.key.hex)).joined(
                separator: "\n"),
            root: root.parts, diskRoots: root.diskRoots)
    }

    private func record(_ result: BuildResult, _ variables: [String: String]) -> BuildRecord {
        BuildRecord(
            platform: options.provider.platform.description, minMemoryMiB: result.minMemory, unpacked: result.unpacked,
            variables: variables.isEmpty ? nil : variables, files: [],
            segments: result.segments.map {
                BuildRecord.Part(
                    role: $0.key.role.rawValue, source: $0.title, size: $0.bytes.length, unpacked: $0.record.unpacked,
                    digest: $0.key.role == .spec ? nil : $0.key.content, sha256: $0.record.sha256)
            })
    }
}

/// The least memory a machine needs to boot an initrd.
enum MemoryEstimate {
    private static let mebibyte: UInt64 = 1 << 20
    /// For the kernel's tables, PID 1, runc and what the containers need to get going.
    private static let margin: UInt64 = 64 << 20
    /// A kernel that unpacks itself takes about this many times its file.
    private static let kernelFactor: UInt64 = 4
    /// What the kernel keeps in memory of each name, whatever the file's length: 101 MB were measured for 100 000 empty
    /// files.
    private static let nameCost: UInt64 = 1024
    /// A tmpfs has at most one inode for two pages of the machine's memory (kernel documentation, filesystems/tmpfs,
    /// `nr_inodes`).
    private static let memoryPerName: UInt64 = 2 * 4096

    /// The kernel's root is a tmpfs of at most half of the memory (kernel documentation,
    /// filesystems/ramfs-rootfs-initramfs), unless the command line makes it a ramfs; while it is unpacked the initrd
    /// is in memory too.
    /// - Parameter entries: names in the root.
    /// - Returns: MiB, a multiple of 16.
    static func mebibytes(unpacked: UInt64, entries: Int, initrd: UInt64, kernel: UInt64, commandLine: String) -> Int {
        let isRamfs = commandLine.split(separator: " ").contains("rootfstype=ramfs")
        let names = UInt64(entries)
        let root = isRamfs ? unpacked : 2 * unpacked
        let bytes = root + names * nameCost + initrd + kernelFactor * kernel + margin
        let least = isRamfs ? 0 : names * memoryPerName + margin
        let step = 16 * mebibyte
        return Int((max(bytes, least) + step - 1) / step * 16)
    }
}
