internal import Extents
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
        let reference = try builder.reference(of: folder)
        packages.withLock { $0[reference] = Package(folder: folder, template: template, name: reference) }
        return reference
    }

    /// The image of a reference that ``reference(of:)`` gave: of the store, else pulled, else built; nil for any other
    /// reference. It has another name when the installation's lock was replaced meanwhile, see
    /// ``PackageBuilder/Options/replacesLocks``.
    public func image(_ reference: String) async throws -> Image? {
        guard let package = packages.withLock({ $0[reference] }) else { return nil }
        // The reference is a hash of all that the folder has and need not be computed again.
        if let image = try builder.present(reference) { return image }
        if case .installed = package.template, let image = try await pulled(reference) { return image }
        do {
            let image = try await builder.build(package.folder).image
            packages.withLock { $0[reference]?.name = image.name }
            return image
        } catch AptError.gone(let packages) {
            guard case .installed = package.template else { throw AptError.gone(packages) }
            throw OutdatedDefinition(template: package.template, folder: package.folder, packages: packages)
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
    public func missing(_ references: [String]) throws -> [PackageTemplate] {
        try references.compactMap { reference in
            guard let package = packages.withLock({ $0[reference] }), try builder.present(reference) == nil else {
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

/// A definition of the checkout pins Debian packages that the archive has replaced since.
struct OutdatedDefinition: HintedError, CustomStringConvertible {
    let template: PackageTemplate
    let folder: String
    let packages: [LockedPackage]

    var description: String { "making '\(template)': \(AptError.gone(packages))" }
    var hint: String? {
        "run 'moby pkg build --refresh-missing \(PlainText.short(folder))', and commit "
            + "'\(PlainText.short(folder))/\(PackageLock.fileName)'"
    }
}
