internal import Extents
internal import Glibc
internal import MobyBuild
internal import MobyPackage
internal import MobySpec
internal import OCI

/// The packages a spec names with `@pkg:`: their references while it is read, their images before it is built.
struct Packages {
    private let resolver: PackageResolver

    init(store: ContentStore, platform: Platform, products: String? = nil) {
        resolver = PackageResolver(
            Self.builder(store: store, platform: platform, products: products) { _ in })
    }

    static func builder(
        store: ContentStore, platform: Platform, products: String?,
        _ change: (inout PackageBuilder.Options) -> Void
    ) -> PackageBuilder {
        var options = PackageBuilder.Options(environment: Terminal.environment)
        options.platform = platform
        change(&options)
        let place = Products(option: products, environment: Terminal.environment, executable: Terminal.executable)
        return PackageBuilder(store: store, products: place, options: options)
    }

    func reference(_ directory: String) throws -> String {
        do { return try resolver.reference(of: directory) } catch let error as FileError where error.code == ENOENT {
            guard let guess = Self.neighbor(of: directory) else { throw error }
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

    /// The image with boot loaders: the one asked for, else that of `pkg/bootloaders` in a folder above this program,
    /// as in a checkout of the source. A package is built when the store does not have it, and taken by its digest.
    /// - Throws: `BuildError.noBootLoaders` when there is neither.
    func bootLoaders(_ wanted: String?) async throws -> String {
        if let wanted, !wanted.hasPrefix("@pkg:") {
            // Of a package that the spec names, this makes the image.
            return try await resolver.image(wanted).map(Self.pinned) ?? wanted
        }
        guard let folder = wanted.map({ String($0.dropFirst("@pkg:".count)) }) ?? Self.ownBootLoaders else {
            throw BuildError.noBootLoaders
        }
        let reference = try resolver.reference(of: folder)
        return try await resolver.image(reference).map(Self.pinned) ?? reference
    }

    /// `pkg/bootloaders` next to this program's source; nil elsewhere.
    static var ownBootLoaders: String? { sourceFolder("pkg/bootloaders") }

    private static func pinned(_ image: Image) -> String { "\(image.name)@\(image.digest)" }

    private static func sourceFolder(_ name: String) -> String? {
        var above = Terminal.executable.split(separator: "/").dropLast()
        while !above.isEmpty {
            let folder = "/\(above.joined(separator: "/"))/\(name)"
            if access("\(folder)/\(PackageFolder.fileName)", R_OK) == 0 { return folder }
            above = above.dropLast()
        }
        return nil
    }

    /// Builds what the spec needs and the store does not have.
    func build(for spec: Spec) async throws {
        let images =
            [spec.kernel.image].compactMap(\.self) + spec.`init` + spec.containers.map(\.image)
            + spec.volumes.compactMap(\.image)
        for image in Set(images.map(\.value)).sorted() { _ = try await resolver.image(image) }
    }
}
