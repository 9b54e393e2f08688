internal import Archive
internal import Extents
internal import MobySpec
public import OCI
internal import Progress

/// Builds images from package folders into the content store.
public struct PackageBuilder: Sendable {
    public struct Options: Sendable {
        public var platform: Platform = .host
        /// The folder of apt's lists and downloaded packages; by default that of the content store.
        public var cache: String?
        /// Builds even if the store has the image.
        public var force = false
        /// Resolves Debian packages again and writes `build.lock`.
        public var update = false
        /// Resolves again, with a warning, if the archive no longer offers a pinned package.
        public var refreshMissing = false
        /// The folder with the definitions of the installation, `@moby:NAME`.
        public var definitions: String?
        /// The file with apt's sources for those, where the sources of the machine do not serve.
        public var definitionSources: String?
        /// Resolves those again, with a warning, if the archive no longer offers a package that they pin. The cache
        /// keeps the new lock: the installation is not the user's to change.
        public var replacesLocks = false
        /// Debian packages of those definitions, by their folders, as the lock of a spec has them.
        public var pins: [String: [LockedPackage]] = [:]
        /// Uses only Debian packages that were downloaded before.
        public var isOffline = false
        /// The machine's environment: proxies for apt, `SOURCE_DATE_EPOCH`, `PATH`.
        public var environment: [String: String]

        public init(environment: [String: String]) { self.environment = environment }

        /// Whether an absolute path is that of one of the installation's definitions.
        func isDefinition(_ path: String) -> Bool { definitions.map { path.hasPrefix($0 + "/") } ?? false }
    }

    /// The result of a build.
    public struct Outcome: Sendable {
        public let image: Image
        /// False when the store had the image.
        public let isNew: Bool
    }

    let store: ContentStore
    let products: Products
    let options: Options

    public init(store: ContentStore, products: Products, options: Options) {
        self.store = store
        self.products = products
        self.options = options
    }

    private var cache: String { options.cache ?? store.path }
    private var supply: PackageSupply { PackageSupply(cache: cache, options: options, progress: store.progress) }
    private var architecture: String { options.platform.architecture }

    /// Time of generated entries, in seconds since 1970.
    private var time: Int64 { options.environment["SOURCE_DATE_EPOCH"].flatMap { Int64($0) } ?? 0 }

    /// The canonical reference of the image that a folder makes now, e.g. `localhost/moby/nginx:0c1f…`.
    /// - Throws: `SpecError`; `PackageError` when the folder's packages were never resolved for this architecture.
    public func reference(of directory: String) throws -> String { try resolved(directory).reference }

    /// The same, with the Debian packages that the image is made of.
    func resolved(_ directory: String) throws -> (reference: String, packages: [LockedPackage]) {
        let folder = try folder(directory)
        guard let closure = folder.closure(architecture: architecture) else { throw folder.unlocked(architecture) }
        return (try reference(of: folder, closure: closure), closure.packages)
    }

    /// A package folder that can be built for the architecture.
    private func folder(_ directory: String) throws -> PackageFolder {
        var folder = try PackageFolder(directory)
        guard folder.spec.arches.contains(architecture) else {
            throw PackageError.architecture(architecture, folder.spec.image.value, folder.spec.arches)
        }
        if options.replacesLocks, options.isDefinition(folder.path) {
            try folder.replaceLock(below: PackageCache.path(in: cache))
            if let pinned = options.pins[folder.path] { folder.pin(pinned, architecture: architecture) }
        }
        return folder
    }

    /// Builds the image of a folder unless the store has it.
    public func build(_ directory: String) async throws -> Outcome {
        let folder = try folder(directory)
        let locked = options.update ? nil : folder.closure(architecture: architecture)
        if let locked, !options.force {
            let name = try reference(of: folder, closure: locked)
            if let image = try present(name) { return Outcome(image: image, isNew: false) }
        }
        try store.prepare()
        let closure = try await supply.fetch(locked, for: folder)
        let name = try reference(of: folder, closure: closure)
        if !options.force, let image = try present(name) { return Outcome(image: image, isNew: false) }
        let image = try store.progress.during(.build, name, isMajor: true) {
            try assemble(folder, closure, name: name, $0)
        }
        return Outcome(image: image, isNew: true)
    }

    /// Resolves the Debian packages of a folder again and writes its lock.
    /// - Returns: the path of the lock; nil for a folder without Debian packages.
    public func lock(_ directory: String) async throws -> String? {
        let folder = try folder(directory)
        try store.prepare()
        _ = try await supply.resolve(folder)
        guard !folder.spec.requests(architecture: architecture).isEmpty else { return nil }
        return folder.isLockReplaceable ? folder.lockPath : "\(directory)/\(PackageLock.fileName)"
    }

    /// Packages that the archive has in another version now.
    /// - Parameter isDefinition: whether they belong to a definition of the installation.
    /// - Returns: a line each: `runc: 1.1.5-1 -> 1.1.5-2`.
    public func updates(of packages: [LockedPackage], isDefinition: Bool) async throws -> [String] {
        try store.prepare()
        let offered = try await supply.offered(packages, sources: isDefinition ? options.definitionSources : nil)
        return packages.compactMap { package in
            guard let version = offered[package.name] else { return "\(package.name): \(package.version) -> none" }
            return version == package.version ? nil : "\(package.name): \(package.version) -> \(version)"
        }
    }

    /// Whether the store has the image of a reference.
    public func has(_ reference: String) throws -> Bool { try present(reference) != nil }

    /// The image in the store, also when an earlier moby built it and it had another name.
    func present(_ name: String) throws -> Image? {
        guard let image = try store.image(named: name, platform: options.platform) else { return nil }
        try store.adopt(name)
        return image
    }

    private func reference(of folder: PackageFolder, closure: PackageLock.Closure) throws -> String {
        let tag = try PackageTag.hash(
            folder, closure: closure, platform: options.platform, products: products, time: time)
        return try ImageReference("\(folder.spec.org)/\(folder.spec.image.value):\(tag)").description
    }

    private func assemble(_ folder: PackageFolder, _ closure: PackageLock.Closure, name: String, _ step: Step) throws
        -> Image
    {
        let work = try WorkFolder(in: store.temporaryPath)
        defer { withExtendedLifetime(work) {} }
        let progress = store.progress
        let contents = PackageContents(
            folder: folder, products: products, time: time, work: work.path,
            warn: { progress.warn("\(folder.spec.image.value): \($0)") },
            // The scripts of moby's own definitions were read when they were written.
            note: { [options] in if !options.isDefinition(folder.path) { progress.note($0) } })
        let (tree, labels) = try contents.make(supply.contents(of: closure))
        let layer = try step.part(.compress, "the layer") {
            try ImageLayer.store(tree, in: store, $0)
        }
        return try store.add(
            name: name, platform: options.platform,
            config: ImageConfig(
                platform: options.platform, config: folder.spec.execution(labels: labels), diffIDs: [layer.diffID]),
            layers: [layer])
    }
}

extension PackageSpec {
    fileprivate func execution(labels: [String: String]) -> ImageConfig.Execution {
        var execution = ImageConfig.Execution()
        execution.user = user
        execution.env = env
        execution.entrypoint = entrypoint?.map(\.value)
        execution.cmd = cmd?.map(\.value)
        execution.workingDir = workdir
        execution.labels = labels.isEmpty ? nil : labels
        return execution
    }
}
