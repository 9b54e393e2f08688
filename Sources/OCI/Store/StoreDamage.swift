/// A file of the store that was found damaged, and removed.
public struct StoreDamage: Sendable, Equatable {
    /// As a path in the store.
    public let file: String
    /// Of a blob or layer.
    public let digest: Digest?
}
