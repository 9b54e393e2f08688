internal import Attest
public import MobySpec
internal import OCI

/// A source package of Debian with the packages of a machine that were built from it.
public struct SourcePackage: Sendable, Hashable {
    public let name: String
    public let version: String
    /// `NAME VERSION ARCHITECTURE`, in order.
    public let binaries: [String]
    /// The images that have them, in order.
    public let images: [String]
}

extension Builder {
    /// The Debian source packages of all that a machine ships, in order.
    /// - Throws: as ``build(_:)``.
    public func sourcePackages(of spec: Spec) async throws -> [SourcePackage] {
        let set = try await ImageSet.fetch(spec, store: store, cache: cache, provider: provider(spec)(nil))
        var binaries: [SoftwarePackage.Source: Set<String>] = [:]
        var images: [SoftwarePackage.Source: Set<String>] = [:]
        for (source, image) in set.all {
            for package in try set.packages(image) where package.kind == .deb {
                for origin in [package.sourcePackage] + package.usedSources {
                    binaries[origin, default: []].insert(
                        [package.name, package.version, package.architecture].compactMap(\.self).joined(separator: " "))
                    images[origin, default: []].insert(source)
                }
            }
        }
        return binaries.map { source, names in
            SourcePackage(
                name: source.name, version: source.version, binaries: names.sorted(),
                images: (images[source] ?? []).sorted())
        }.sorted { ($0.name, $0.version) < ($1.name, $1.version) }
    }
}
