/// The `runtime` section: each member is merged on its own.
public struct RuntimeSpec: Sendable, Equatable {
    public var cgroups: [String]?
    public var mounts: [MountSpec]?
    public var mkdir: [String]?
    public var interfaces: [InterfaceSpec]?
    public var bindNS: [String: String]?
    public var namespace: String?
    public init() {}
}
