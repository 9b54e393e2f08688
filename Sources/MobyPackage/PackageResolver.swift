internal import Extents
public import MobyBuild
public import MobySpec
public import OCI
internal import Synchronization

/// Resolves `@pkg:FOLDER` and `@moby:NAME`: to a reference while a spec is read, to an image when it is needed.
public final class PackageResolver: Sendable {
    private let builder: PackageBuilder
    private let installation: Installation
    private let provider: ImageProvider
    private let isOffline: Bool
    private let packages = Mutex<[String: Package]>([:])

    private struct Package {
        let folder: String
        let template: PackageTemplate
        /// What the image is made of.
        let debian: [LockedPackage]
        /// The reference; another one than in the spec when its lock was replaced.
        var name: String
    }

    /// - Parameter provider: how images are pulled that ``Installation/publishedImages()`` has.
    public init(_ builder: PackageBuilder, installation: Installation, provider: ImageProvider.Options) {
        self.builder = builder
        self.installation = installation
        self.provider = ImageProvider(store: builder.store, options: provider)
        isOffline = provider.pull == .never
    }

    /// The reference that takes a template's place, for `SpecReader.read`.
    public func reference(of template: PackageTemplate) throws -> String {
        let folder =
            switch template {
            case .folder(let path): path
            case .installed(let name): try installation.folder(of: name)
            }
        let (reference, debian) = try builder.resolved(folder)
        packages.withLock {
            $0[reference] = Package(folder: folder, template: template, debian: debian, name: reference)
        }
        return reference
    }

    /// Resolves the Debian packages of installed definitions again; their locks are in the cache.
    /// - Parameter wanted: which of the templates that were resolved.
    /// - Returns: whether there were any.
    public func resolveAgain(_ wanted: (String) -> Bool) async throws -> Bool {
        let chosen = packages.withLock(\.self).values.filter { package in
            guard case .installed = package.template, builder.options.replacesLocks else { return false }
            return !package.debian.isEmpty && wanted("\(package.template)")
        }
        for package in chosen { _ = try await builder.lock(package.folder) }
        return !chosen.isEmpty
    }

    /// What the templates mean that were resolved, as a lock has them, in order.
    /// - Parameter base: the lock's folder, absolute; names of package folders are relative to it.
    public func locked(base: String) -> [SpecLock.Package] {
        packages.withLock(\.self).map { reference, package in
            var locked = SpecLock.Package()
            locked.template = package.template.relative(to: base).description
            (locked.platform, locked.image) = (builder.options.platform, reference)
            locked.debian = package.debian.map(\.text)
            return locked
        }.sorted { $0.template < $1.template }
    }

    /// The image of a reference that ``reference(of:)`` gave: of the store, else pulled, else built; nil for any other
    /// reference. It has another name when the installation's lock was replaced meanwhile, see
    /// ``PackageBuilder/Options/replacesLocks``.
    /// - Parameter shared: where it may be too; its layers are then fetched when something needs them.
    public func image(_ reference: String, shared: SharedCache? = nil) async throws -> Image? {
        guard let package = packages.withLock({ $0[reference] }) else { return nil }
        // The reference is a hash of all that the folder has and need not be computed again.
        if let image = try builder.present(reference) { return image }
        if let image = try await shared?.package(reference, builder.options.platform, lazily: true) { return image }
        if case .installed = package.template, let image = try await pulled(reference) { return image }
        do {
            let image = try await builder.build(package.folder).image
            packages.withLock { $0[reference]?.name = image.name }
            return image
        } catch AptError.gone(let packages, let now) {
            let reason = AptError.gone(packages, now: now)
            guard case .installed = package.template else { throw reason }
            throw OutdatedDefinition(
                template: package.template, folder: package.folder, reason: reason,
                isPinned: builder.options.pins[package.folder] != nil && builder.options.replacesLocks)
        }
    }

    /// The system images that were resolved, with their references, in order of their names.
    public var installed: [(name: String, reference: String)] {
        packages.withLock(\.self).values.compactMap { package in
            guard case .installed(let name) = package.template else { return nil }
            return (name, package.name)
        }.sorted { $0.name < $1.name }
    }

    /// Those of the references that ``image(_:)`` would have to pull or build, as the spec has them.
    /// - Parameter lazily: images without their layers are not missing.
    public func missing(_ references: [String], lazily: Bool = false) throws -> [PackageTemplate] {
        let platform = builder.options.platform
        return try references.compactMap { reference in
            guard let package = packages.withLock({ $0[reference] }),
                try builder.store.image(named: reference, platform: platform, lazily: lazily) == nil
            else {
                return nil
            }
            return package.template
        }
    }

    /// The image from the registry that the installation names, under its local name.
    private func pulled(_ reference: String) async throws -> Image? {
        guard !isOffline, let source = try installation.publishedImages()?.source(of: reference) else { return nil }
        _ = try await provider.image(source)
        return try builder.store.rename(source, to: reference, platform: builder.options.platform)
    }
}

/// A definition of the checkout, or the lock of a spec, pins Debian packages that the archive has replaced since.
struct OutdatedDefinition: HintedError, CustomStringConvertible {
    let template: PackageTemplate
    let folder: String
    let reason: AptError
    /// Whether the lock of a spec pins them.
    let isPinned: Bool

    var description: String { "making '\(template)': \(reason)" }
    var hint: String? {
        guard !isPinned else {
            return "run 'moby lock --update' with the spec and '\(template)' to take what the archive has, or name an "
                + "archive of old versions in \(DebianSnapshot.variable)"
        }
        return "run 'moby pkg build --refresh-missing \(PlainText.short(folder))', and commit "
            + "'\(PlainText.short(folder))/\(PackageLock.fileName)'"
    }
}
