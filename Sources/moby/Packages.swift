internal import MobyPackage
internal import MobySpec
internal import OCI

/// The packages a spec names with `@pkg:`: their references while it is read, their images before it is built.
struct Packages {
    private let resolver: PackageResolver

    init(store: ContentStore, platform: Platform, products: String? = nil, level: Int) {
        resolver = PackageResolver(Self.builder(store: store, platform: platform, products: products, level: level) { _ in })
    }

    static func builder(
        store: ContentStore, platform: Platform, products: String?, level: Int, _ change: (inout PackageBuilder.Options) -> Void
    ) -> PackageBuilder {
        var options = PackageBuilder.Options(environment: Terminal.environment)
        options.platform = platform
        if level > 0 { options.progress = { Terminal.error($0) } }
        change(&options)
        let place = Products(option: products, environment: Terminal.environment, executable: Terminal.executable)
        return PackageBuilder(store: store, products: place, options: options)
    }

    func reference(_ directory: String) throws -> String { try resolver.reference(of: directory) }

    /// Builds what the spec needs and the store does not have.
    func build(for spec: Spec) async throws {
        let containers = spec.onboot + spec.onshutdown + spec.services
        let images = [spec.kernel.image].compactMap(\.self) + spec.`init` + containers.map(\.image) + spec.volumes.compactMap(\.image)
        for image in Set(images.map(\.value)).sorted() { _ = try await resolver.image(image) }
    }
}
