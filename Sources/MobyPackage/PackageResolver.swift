public import OCI
internal import Synchronization

/// Resolves `@pkg:DIR` in a spec: to a reference while the spec is read, to an image when it is needed.
public final class PackageResolver: Sendable {
    private let builder: PackageBuilder
    private let directories = Mutex<[String: String]>([:])

    public init(_ builder: PackageBuilder) { self.builder = builder }

    /// What `@pkg:DIR` stands for; what `SpecReader.read` asks.
    public func reference(of directory: String) throws -> String {
        let reference = try builder.reference(of: directory)
        directories.withLock { $0[reference] = directory }
        return reference
    }

    /// The image of a reference that ``reference(of:)`` gave, built when the store does not have it; nil for any other
    /// reference.
    public func image(_ reference: String) async throws -> Image? {
        guard let directory = directories.withLock({ $0[reference] }) else { return nil }
        // The reference is a hash of all that the folder has and need not be computed again.
        if let image = try builder.present(reference) { return image }
        return try await builder.build(directory).image
    }
}
