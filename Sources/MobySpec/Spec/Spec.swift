/// One merged, resolved spec: what YAML files say, in types. Absent and empty are different things, as in LinuxKit.
public struct Spec: Sendable {
    public var kernel = KernelSpec()
    public var boot = BootSpec()
    public var `init`: [Located<String>] = []
    public var onboot: [ContainerSpec] = []
    public var onshutdown: [ContainerSpec] = []
    public var services: [ContainerSpec] = []
    public var volumes: [VolumeSpec] = []
    public var files: [FileSpec] = []
    public var trust: TrustSpec?
    public var outputs: [OutputSpec] = []

    public init() {}
}
