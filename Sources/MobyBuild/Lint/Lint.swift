internal import Archive
internal import BootLayout
internal import Extents
public import MobySpec
public import OCI

/// Looks, without a network, at what a spec and the images that are in the store make of each other: all that a build
/// would say before it fetches anything, by the same code.
public struct Lint: Sendable {
    /// What was found.
    public struct Result: Sendable {
        public internal(set) var diagnostics: [Diagnostic] = []
        /// What is not as one may think, e.g. optional files that are left out.
        public internal(set) var notes: [String] = []
        /// Images that the store does not have, as the spec names them: what depends on them was not looked at.
        public internal(set) var absent: [String] = []
    }

    let store: ContentStore
    let options: BuildOptions

    public init(store: ContentStore, options: BuildOptions) {
        self.store = store
        self.options = options
    }

    /// Faults and warnings of a spec, of its formats, and of those of its images that are at hand.
    /// - Throws: errors of the store.
    public func check(_ spec: Spec) async throws -> Result {
        var result = Result()
        let formats = try faults(&result) { try FormatChoice.formats(options, spec) } ?? []
        let formatsAreOpen = options.formats.isEmpty && spec.outputs.isEmpty
        result.diagnostics += SectionCheck(spec, formats, formatsAreOpen: formatsAreOpen).found
        do { _ = try BootMedium.checkedLength(spec.kernel.cmdline ?? "") } catch let error as BuildError {
            result.diagnostics.append(Diagnostic(at: spec.kernel.image?.location, error.description, hint: error.hint))
        }
        if let format = formats.first(where: \.needsBootLoaders), options.bootLoaders == nil, spec.boot.image == nil {
            result.diagnostics.append(
                Diagnostic(
                    .warning, at: spec.firstLocation,
                    "format '\(format)' needs an image with boot loaders, and none is named",
                    hint: BuildError.bootLoadersHint))
        }
        let images = try await present(spec, &result)
        try check(spec, images, formats, &result)
        return result
    }

    private func check(_ spec: Spec, _ present: [String: Image], _ formats: [OutputFormat], _ result: inout Result)
        throws
    {
        let images = ImageSet(store: store, cache: SegmentCache(store: store), images: present)
        func isAbsent(_ source: Located<String>) -> Bool { present[source.value] == nil }
        // What is at hand; numbers of containers are those of the whole.
        var part = spec
        part.onboot.removeAll { isAbsent($0.image) }
        part.onshutdown.removeAll { isAbsent($0.image) }
        part.services.removeAll { isAbsent($0.image) }
        part.volumes.removeAll { $0.image.map(isAbsent) ?? false }
        part.`init`.removeAll(where: isAbsent)
        let hasKernel = spec.kernel.image.map { !isAbsent($0) } ?? true
        let hasInit = part.`init`.count == spec.`init`.count && !spec.`init`.isEmpty
        let containers = try ContainerPlan(
            part, images, identities: IdentityTable(spec), volumes: VolumeTable(spec), &result.diagnostics)
        result.diagnostics += containers.warnings
        let kernel = hasKernel ? try faults(&result) { try KernelImage(spec.kernel, images) } ?? nil : nil
        result.diagnostics += OutputFormat.bootErrors(
            formats, on: options.provider.platform, kernel: kernel?.file(decompressed: options.decompressKernel),
            at: spec.kernel.image?.location)
        var assembly = RootAssembly(part, images, VolumeLayouts(), containers, kernel, options)
        assembly.identities = IdentityTable(spec)
        let names = try assembly.names()
        result.notes += names.notes
        // Sources are relative to the folder that a build runs in; this may be another.
        result.diagnostics += names.missing.map { fault in
            Diagnostic(
                .warning, at: fault.location, fault.message,
                hint: "a build in this folder would end here; \(fault.hint ?? "")")
        }
        result.diagnostics += names.faults
        let check = ImageCheck(part, images, containers, formats, platform: options.provider.platform)
        result.diagnostics += try check.found(
            hasInit ? check.initFacts() : nil, names, hasModules: kernel != nil || spec.kernel.image == nil)
        if let image = spec.boot.image, let loaders = present[image.value] {
            result.diagnostics +=
                BootCheck(image, for: loaders.platform, in: ImageContents(try images.tree(loaders), loaders.name).state)
                .faults
        }
    }

    /// Runs a step of the build; faults of the spec are noted, and nil is returned.
    private func faults<Value>(_ result: inout Result, _ step: () throws -> Value) rethrows -> Value? {
        do { return try step() } catch let error as SpecError { result.diagnostics += error.diagnostics } catch let
            fault as Diagnostic
        {
            result.diagnostics.append(fault)
        }
        return nil
    }

    /// The images that are at hand. What a local source lacks is a fault, as nothing can be fetched for it.
    private func present(_ spec: Spec, _ result: inout Result) async throws -> [String: Image] {
        var options = options.provider
        options.pull = .never
        let provider = ImageProvider(store: store, options: options)
        var present: [String: Image] = [:]
        var seen: Set<String> = []
        for source in spec.imageSources + [spec.boot.image].compactMap(\.self) where seen.insert(source.value).inserted
        {
            do { present[source.value] = try await provider.image(source.value) } catch {
                let isLocal = ["oci:", "oci-archive:", "docker-archive:"].contains { source.value.hasPrefix($0) }
                if isLocal || error is ImageReferenceError {
                    result.diagnostics.append(
                        Diagnostic(at: source.location, "\(error)", hint: (error as? any HintedError)?.hint))
                } else {
                    result.absent.append(source.value)
                }
            }
        }
        return present
    }
}
