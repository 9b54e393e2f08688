/// The `runtime` section: each member is merged on its own.
public struct RuntimeSpec: Sendable, Equatable {
    public var cgroups: [String]?
    public var mounts: [MountSpec]?
    public var mkdir: [String]?
    public var interfaces: [InterfaceSpec]?
    public var bindNS: [String: String]?
    public var namespace: String?
    /// What LinuxKit once had in place of ``ContainerOptions/restart``, and what becomes of it when the container has
    /// been read.
    var noRestart: Bool?
    public init() {}
}
