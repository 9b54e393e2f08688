internal import Archive
internal import Extents
public import MobySpec
public import OCI

/// Checks a spec and those of its images that the store has, without a network: reports all that a build would report
/// before it fetches anything, by the same code.
public struct Linter: Sendable {
    /// The findings.
    public struct Result: Sendable {
        public internal(set) var diagnostics: [Diagnostic] = []
        /// Errors about local images that cannot be read, which are none of the spec's text.
        public internal(set) var unavailable: [Diagnostic] = []
        /// Notes about surprising results, such as optional files that are left out.
        public internal(set) var notes: [String] = []
        /// Images that the store does not have, as the spec names them: nothing that depends on them was checked.
        public internal(set) var absent: [String] = []
    }

    let store: ContentStore
    let options: BuildOptions

    public init(store: ContentStore, options: BuildOptions) {
        self.store = store
        self.options = options
    }

    /// Errors and warnings about a spec, its formats, and those of its images that the store has.
    /// - Throws: errors of the store.
    public func check(_ spec: Spec) async throws -> Result {
        var result = Result()
        let formats = try problems(&result) { try FormatSelection.formats(options, spec) } ?? []
        let formatsAreOpen = options.formats.isEmpty && spec.outputs.isEmpty
        result.diagnostics += SectionCheck(spec, formats, formatsAreOpen: formatsAreOpen).found
        do { _ = try BootMedium.checkedLength(spec.kernel.cmdline ?? "") } catch let error as BuildError {
            result.diagnostics.append(Diagnostic(at: spec.kernel.image?.location, error.description, hint: error.hint))
        }
        if let format = formats.first(where: \.needsBootLoaders), options.bootLoaders == nil, spec.boot.image == nil {
            result.diagnostics.append(
                Diagnostic(
                    .warning, at: spec.firstLocation,
                    "format '\(format)' needs an image with boot loaders, but none is given",
                    hint: BuildError.bootLoadersHint))
        }
        let images = try await present(spec, &result)
        try check(spec, images, formats, &result)
        return result
    }

    private func check(_ spec: Spec, _ present: [String: Image], _ formats: [OutputFormat], _ result: inout Result)
        throws
    {
        let images = ImageSet(store: store, cache: BuildCache(store: store), images: present)
        func isAbsent(_ source: Located<String>) -> Bool { present[source.value] == nil }
        // The part whose images the store has; numbers of containers are those of the whole.
        var part = spec
        for section in Spec.Section.allCases { part[section].removeAll { isAbsent($0.image) } }
        part.volumes.removeAll { $0.image.map(isAbsent) ?? false }
        part.`init`.removeAll(where: isAbsent)
        let hasKernel = spec.kernel.image.map { !isAbsent($0) } ?? true
        let hasInit = part.`init`.count == spec.`init`.count && !spec.`init`.isEmpty
        let containers = try ContainerPlan(
            part, images, identities: IdentityTable(spec), volumes: VolumeTable(spec), &result.diagnostics)
        result.diagnostics += containers.warnings
        let kernel = hasKernel ? try problems(&result) { try KernelImage(spec.kernel, images) } ?? nil : nil
        result.diagnostics += OutputFormat.bootErrors(
            formats, on: options.provider.platform, kernel: kernel?.file(decompressed: options.decompressKernel),
            at: spec.kernel.image?.location)
        let parts = RootAssembly.Parts(
            spec: part, images: images, layouts: VolumeLayouts(), containers: containers, kernel: kernel)
        var assembly = RootAssembly(parts, options)
        assembly.identities = IdentityTable(spec)
        let names = try assembly.names()
        result.notes += names.notes
        // Sources are relative to the folder that a build runs in; this may be another.
        result.diagnostics += names.missing.map { problem in
            Diagnostic(
                .warning, at: problem.location, problem.message,
                hint: "a build in this folder would fail here; \(problem.hint ?? "")")
        }
        result.diagnostics += names.problems
        let check = ImageCheck(
            spec: part, images: images, containers: containers, formats: formats, platform: options.provider.platform,
            kernel: kernel, hasAllOnboot: part.onboot.count == spec.onboot.count)
        result.diagnostics += try check.found(
            hasInit ? check.initFacts() : nil, names, hasModules: kernel != nil || spec.kernel.image == nil)
        if let image = spec.boot.image, let loaders = present[image.value] {
            result.diagnostics +=
                BootCheck(image, for: loaders.platform, in: ImageContents(try images.tree(loaders), loaders.name).state)
                .problems
        }
    }

    /// Runs a step of the build. Errors in the spec are recorded, and nil is returned.
    private func problems<Value>(_ result: inout Result, _ step: () throws -> Value) rethrows -> Value? {
        do { return try step() } catch let error as SpecError { result.diagnostics += error.diagnostics } catch let
            problem as Diagnostic
        {
            result.diagnostics.append(problem)
        }
        return nil
    }

    /// The images in the store. What a local source lacks is an error, as nothing can be fetched for it: the same one,
    /// with the same exit code, as of a build.
    /// - Throws: errors of the store.
    private func present(_ spec: Spec, _ result: inout Result) async throws -> [String: Image] {
        var options = options.provider
        options.pull = .never
        let provider = ImageProvider(store: store, options: options)
        let platform = options.platform
        var present: [String: Image] = [:]
        var seen: Set<String> = []
        for source in spec.imageSources + [spec.boot.image].compactMap(\.self) where seen.insert(source.value).inserted
        {
            let isLocal = ["oci:", "oci-archive:", "docker-archive:"].contains { source.value.hasPrefix($0) }
            do {
                guard !isLocal else {
                    present[source.value] = try await provider.image(source.value)
                    continue
                }
                let name = try ImageReference(source.value).description
                present[source.value] = try context("looking up image '\(PlainText.short(name))' in the store") {
                    let exact = options.pins[name]?.digest.map { name.contains("@") ? name : "\(name)@\($0)" }
                    return try store.image(named: exact ?? name, platform: platform)
                }
                if present[source.value] == nil { result.absent.append(source.value) }
            } catch  where isLocal || error is ImageReferenceError {
                let found = Diagnostic(at: source.location, "\(error)", hint: (error as? any HintedError)?.hint)
                if error is ImageReferenceError {
                    result.diagnostics.append(found)
                } else {
                    result.unavailable.append(found)
                }
            }
        }
        return present
    }
}
