internal import Extents
internal import Glibc
internal import MobyBuild
internal import MobyPackage
internal import MobySpec
internal import OCI

/// The packages a spec names with `@pkg:`: their references while it is read, their images before it is built.
struct Packages {
    private let resolver: PackageResolver
    private let level: Int
    /// What templates mean in a bundle, in place of those of this machine.
    private let bundled: SpecLock?
    private let platform: Platform

    /// The folder that package folders of a bundle are relative to: deep enough for what is not below it.
    static let bundleBase = "/bundle" + String(repeating: "/x", count: 64)

    /// - Parameter lock: pins the Debian packages of installed definitions.
    init(store: ContentStore, provider: ImageProvider.Options, level: Int, lock: SpecLock? = nil) throws {
        let installation = try Self.installation
        resolver = PackageResolver(
            try Self.builder(store: store, platform: provider.platform) {
                $0.isOffline = provider.pull == .never
                for package in lock?.packages ?? [] where package.platform == provider.platform {
                    guard case .installed(let name)? = PackageTemplate(package.template),
                        try installation.has(name)
                    else { continue }
                    $0.pins[try installation.folder(of: name)] = package.debian.compactMap(LockedPackage.init(parsing:))
                }
            }, installation: installation, provider: provider)
        self.level = level
        bundled = nil
        platform = provider.platform
    }

    /// The packages of a bundle, which are images of the store.
    init(_ bundle: SpecLock, store: ContentStore, provider: ImageProvider.Options, level: Int) throws {
        resolver = PackageResolver(
            try Self.builder(store: store, platform: provider.platform) { $0.isOffline = true },
            installation: try Self.installation, provider: provider)
        self.level = level
        bundled = bundle
        platform = provider.platform
    }

    /// Resolves the Debian packages of installed definitions again, where the user cannot do that by hand.
    /// - Parameter wanted: which of the templates that were resolved.
    /// - Returns: whether there were any.
    func resolveAgain(_ wanted: (String) -> Bool) async throws -> Bool { try await resolver.resolveAgain(wanted) }

    /// Debian packages of a lock that have another version in the archive now, a line each.
    static func updates(_ lock: SpecLock, _ global: FetchOptions) async throws -> [String] {
        var lines: [String] = []
        for package in lock.packages where !package.debian.isEmpty {
            let builder = try builder(store: try global.store(), platform: package.platform)
            let pinned = package.debian.compactMap(LockedPackage.init(parsing:))
            let isInstalled = package.template.hasPrefix("@moby:")
            let changes = try await builder.updates(of: pinned, isDefinition: isInstalled)
            lines += changes.map { "\(package.template) for \(package.platform): debian \($0)" }
        }
        return lines
    }

    /// Resolves `@moby:bootloaders`, where there is one: any format may be asked for later.
    func addBootLoaders() throws {
        guard let loaders = try Self.ownBootLoaders else { return }
        do { _ = try reference(loaders) } catch PackageError.architecture {}
    }

    /// The image of a package's reference, made when the store does not have it.
    func image(_ reference: String) async throws -> Image {
        guard let image = try await resolver.image(reference) else {
            throw BuildError("'\(PlainText.short(reference))' is not a package of the spec")
        }
        return image
    }

    /// What the templates mean that were resolved, as a lock has them.
    func locked(base: String) -> [SpecLock.Package] { bundled?.packages ?? resolver.locked(base: base) }

    static var installation: Installation {
        get throws { try Installation(executable: Terminal.executable, environment: Terminal.environment) }
    }

    static func builder(
        store: ContentStore, platform: Platform, products: String? = nil,
        _ change: (inout PackageBuilder.Options) throws -> Void = { _ in }
    ) throws -> PackageBuilder {
        var options = PackageBuilder.Options(environment: Terminal.environment)
        options.platform = platform
        let installation = try Self.installation
        options.definitions = installation.share
        options.definitionSources = try installation.aptSources()
        options.replacesLocks = installation.origin != .checkout
        try change(&options)
        return PackageBuilder(
            store: store, products: Products(folder: products ?? installation.products), options: options)
    }

    /// The folder of an argument: a path, or `@moby:NAME`.
    static func folder(_ argument: String) throws -> String {
        guard case .installed(let name) = PackageTemplate(argument) else { return argument }
        return try installation.folder(of: name)
    }

    func reference(_ template: PackageTemplate) throws -> String {
        if let bundled {
            let name = template.relative(to: Self.bundleBase).description
            guard let package = bundled.package(name, for: platform) else {
                throw BuildError(
                    "the bundle does not have '\(PlainText.short(name))' for \(platform)",
                    hint: "write it again with 'moby bundle'")
            }
            return package.image
        }
        do { return try resolver.reference(of: template) } catch let error as FileError where error.code == ENOENT {
            guard case .folder(let folder) = template, let guess = Self.neighbor(of: folder) else { throw error }
            throw BuildError("\(error)", hint: "did you mean '\(PlainText.short(guess))'?")
        }
    }

    /// The package folder with the most similar name next to one that does not exist.
    private static func neighbor(of directory: String) -> String? {
        let parts = directory.split(separator: "/").map(String.init)
        guard let name = parts.last else { return nil }
        let parent = "/" + parts.dropLast().joined(separator: "/")
        // It is only a guess: a folder that cannot be listed gives none.
        let names = (try? FolderTree.names(in: parent)) ?? []
        return Spelling.closest(
            to: name, in: names.filter { access("\(parent)/\($0)/\(PackageFolder.fileName)", R_OK) == 0 })
    }

    /// The image with boot loaders: the one asked for, else `@moby:bootloaders`. A package is built when the store does
    /// not have it, and named by its digest.
    /// - Throws: `BuildError.noBootLoaders` when there is neither.
    func bootLoaders(_ wanted: String?, shared: SharedCache? = nil) async throws -> String {
        if let wanted, PackageTemplate(wanted) == nil {
            // Of a package that the spec names, this makes the image.
            return try await resolver.image(wanted, shared: shared).map(Self.pinned) ?? wanted
        }
        guard let template = try wanted.flatMap({ PackageTemplate($0) }) ?? Self.ownBootLoaders else {
            throw BuildError.noBootLoaders
        }
        let reference = try reference(template)
        return try await resolver.image(reference, shared: shared).map(Self.pinned) ?? reference
    }

    /// `@moby:bootloaders`; nil when the installation has none.
    static var ownBootLoaders: PackageTemplate? {
        get throws { try installation.has("bootloaders") ? .installed("bootloaders") : nil }
    }

    private static func pinned(_ image: Image) -> String { "\(image.name)@\(image.digest)" }

    /// What the spec's `@moby:NAME` mean, a line each.
    /// - Parameter reference: of one image only; nil for all.
    func notes(on reference: String? = nil) -> [String] {
        resolver.installed.filter { reference == nil || $0.reference == reference }.map {
            "'@moby:\(PlainText.short($0.name))' is \($0.reference)"
        }
    }

    /// Gets what the spec needs and the store does not have.
    /// - Returns: the spec with the images' names, which are new where an installation's lock was replaced.
    func build(for spec: Spec, shared: SharedCache? = nil) async throws -> Spec {
        let images =
            [spec.kernel.image].compactMap(\.self) + spec.`init` + spec.containers.map(\.image)
            + spec.volumes.compactMap(\.image)
        let references = Set(images.map(\.value)).sorted()
        let missing = try resolver.missing(references, lazily: shared != nil)
        if level > 0, !missing.isEmpty {
            let names = missing.map { PlainText.short("\($0)") }.joined(separator: ", ")
            Terminal.error(
                "\(shared == nil ? "making" : "getting") \(missing.count) image\(missing.count == 1 ? "" : "s") that the store does not have: \(names)"
            )
        }
        var names: [String: String] = [:]
        for reference in references { names[reference] = try await resolver.image(reference, shared: shared)?.name }
        return spec.renamingImages { names[$0] ?? $0 }
    }
}
