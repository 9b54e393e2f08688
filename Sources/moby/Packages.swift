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

    init(store: ContentStore, provider: ImageProvider.Options, level: Int) throws {
        resolver = PackageResolver(
            try Self.builder(store: store, platform: provider.platform, products: nil) {
                $0.isOffline = provider.pull == .never
            }, installation: try Self.installation, provider: provider)
        self.level = level
    }

    static var installation: Installation {
        get throws { try Installation(executable: Terminal.executable, environment: Terminal.environment) }
    }

    static func builder(
        store: ContentStore, platform: Platform, products: String?,
        _ change: (inout PackageBuilder.Options) -> Void
    ) throws -> PackageBuilder {
        var options = PackageBuilder.Options(environment: Terminal.environment)
        options.platform = platform
        let installation = try Self.installation
        options.definitions = installation.share
        options.definitionSources = try installation.aptSources()
        options.replacesLocks = installation.origin != .checkout
        change(&options)
        return PackageBuilder(
            store: store, products: Products(folder: products ?? installation.products), options: options)
    }

    /// The folder of an argument: a path, or `@moby:NAME`.
    static func folder(_ argument: String) throws -> String {
        guard case .installed(let name) = PackageTemplate(argument) else { return argument }
        return try installation.folder(of: name)
    }

    func reference(_ template: PackageTemplate) throws -> String {
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
    func bootLoaders(_ wanted: String?) async throws -> String {
        if let wanted, PackageTemplate(wanted) == nil {
            // Of a package that the spec names, this makes the image.
            return try await resolver.image(wanted).map(Self.pinned) ?? wanted
        }
        guard let template = try wanted.flatMap({ PackageTemplate($0) }) ?? Self.ownBootLoaders else {
            throw BuildError.noBootLoaders
        }
        let reference = try reference(template)
        return try await resolver.image(reference).map(Self.pinned) ?? reference
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
    func build(for spec: Spec) async throws -> Spec {
        let images =
            [spec.kernel.image].compactMap(\.self) + spec.`init` + spec.containers.map(\.image)
            + spec.volumes.compactMap(\.image)
        let references = Set(images.map(\.value)).sorted()
        let missing = try resolver.missing(references)
        if level > 0, !missing.isEmpty {
            let names = missing.map { PlainText.short("\($0)") }.joined(separator: ", ")
            Terminal.error(
                "making \(missing.count) image\(missing.count == 1 ? "" : "s") that the store does not have: \(names)")
        }
        var names: [String: String] = [:]
        for reference in references { names[reference] = try await resolver.image(reference)?.name }
        return spec.renamingImages { names[$0] ?? $0 }
    }
}
