internal import Archive
internal import BootLayout
internal import MobySpec
internal import OCI

/// What a build looks for in shared caches before it needs it, so that many requests are under way at a time.
extension Builder {
    /// Gets records and segments of images; then layers of those that must be taken apart.
    func prefetch(
        _ spec: Spec, _ plan: BuildPlan, _ images: ImageSet, _ layouts: VolumeLayouts, _ provider: ImageProvider
    ) async throws {
        guard let shared = cache.shared else { return }
        let all = images.all.map(\.image) + layouts.all.map(\.image)
        shared.note(images: all, of: provider)
        guard shared.isLazy else { return }
        let kernelKey = spec.kernel.image.map { KernelImage.factsKey(spec.kernel, of: images[$0]) }
        let hasBill = options.sbom.path != nil || !options.sbom.forms.isEmpty
        // Few images are asked for their accounts: those keys are looked for one by one.
        let packages: [CacheKey] = hasBill ? all.map { .packages(of: $0) } : []
        try await cache.prefetch(packages + [kernelKey].compactMap(\.self))
        var lacking: [Image] = []
        var readsZstd = true
        if let kernelKey, let source = spec.kernel.image {
            if try cache.has(kernelKey) {
                readsZstd = try KernelImage(spec.kernel, images)?.facts.readsZstd ?? true
            } else {
                lacking.append(images[source])
            }
        }
        let compression = options.compression ?? (readsZstd ? .zstd(level: 3) : .gzip)
        let segments = SegmentPlan(spec: spec, images: images, compression: compression)
        let planned = segments.initial() + (plan.needsInitrd ? segments.containers() : [])
        try await cache.prefetch(planned.map(\.key))
        lacking += try planned.filter { try !cache.has($0.key) }.flatMap(\.images)
        try await cache.prefetchLayers(of: lacking)
    }

    /// Gets layers of all images where an output is made of trees.
    func prefetchTrees(
        _ plan: BuildPlan, _ boot: BootFiles, _ images: ImageSet, _ layouts: VolumeLayouts, _ loaders: Image?
    ) async throws {
        guard let shared = cache.shared else { return }
        if let loaders {
            shared.note(images: [loaders])
            try await shared.getLayers(of: [loaders])
        }
        guard shared.isLazy else { return }
        let roots = boot.diskRoots.filter { $0.key == .erofs }.values.map { CacheKey.erofsRoot(of: $0.identity) }
        try await cache.prefetch(roots)
        let isMade = try roots.contains { try !cache.has($0) } || boot.diskRoots.keys.contains { $0 != .erofs }
        let all = images.all.map(\.image) + layouts.all.map(\.image)
        if isMade || plan.formats.contains(where: { !$0.needsInitrd && !$0.hasRootOnDisk }) {
            try await shared.getLayers(of: all)
        }
        try shared.note(avoided: avoided(all))
    }

    /// Bytes of layers that the build did without.
    func avoided(_ images: [Image]) throws -> UInt64 {
        let layers = try images.filter { try store.lacksLayers(of: $0) }.flatMap(\.layers)
        return Set(layers).reduce(0) { $0 + $1.size }
    }
}
