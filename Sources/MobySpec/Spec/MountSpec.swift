/// A mount: into a container, or in the root namespace before the container is made.
public struct MountSpec: Sendable, Equatable {
    public var destination: String?
    public var type: String?
    public var source: String?
    public var options: [String]?
    public var uidMappings: [IDMapping]?
    public var gidMappings: [IDMapping]?
    public init() {}
}
