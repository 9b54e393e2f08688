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
    public var network: NetworkSpec?
    /// Time servers; `MachineContainers` makes the container of them.
    public var time: [String]?
    /// How many seconds the machine may hang before the watchdog resets it; nil turns it off.
    public var watchdog: Int?
    /// The root is read-only; nil is false.
    public var readonly: Bool?
    /// Users see only their own processes; nil is false.
    public var hidesProcesses: Bool?
    public var trust: TrustSpec?
    /// File of the policy that the images must meet.
    public var policy: Located<String>?
    public var outputs: [OutputSpec] = []

    /// The variables that the files use, with their values.
    public internal(set) var variables: [String: String] = [:]
    /// All names that the files declare or use.
    var knownVariables: Set<String> = []

    public init() {}
}

extension Spec {
    /// The lists of containers, in the order in which containers are numbered.
    public enum Section: String, Sendable, CaseIterable {
        case onboot, onshutdown, services

        /// What messages call one of its containers.
        var noun: String { self == .services ? "service" : rawValue }
    }

    public subscript(section: Section) -> [ContainerSpec] {
        get {
            switch section {
            case .onboot: onboot
            case .onshutdown: onshutdown
            case .services: services
            }
        }
        set {
            switch section {
            case .onboot: onboot = newValue
            case .onshutdown: onshutdown = newValue
            case .services: services = newValue
            }
        }
    }

    /// The containers of all sections.
    public var containers: [ContainerSpec] { Section.allCases.flatMap { self[$0] } }

    /// The same with other names for its images.
    public func renamingImages(_ rename: (String) -> String) -> Spec {
        var spec = self
        func renamed(_ image: Located<String>) -> Located<String> { Located(rename(image.value), at: image.location) }
        spec.kernel.image = spec.kernel.image.map(renamed)
        spec.boot.image = spec.boot.image.map(renamed)
        spec.`init` = spec.`init`.map(renamed)
        for section in Section.allCases {
            for index in spec[section].indices { spec[section][index].image = renamed(spec[section][index].image) }
        }
        for index in spec.volumes.indices { spec.volumes[index].image = spec.volumes[index].image.map(renamed) }
        return spec
    }

    /// Every image that the spec names, in its order.
    public var images: [Located<String>] {
        [kernel.image, boot.image].compactMap(\.self) + `init` + containers.map(\.image)
            + volumes.compactMap(\.image)
    }
}

extension Spec {
    /// Takes a later file in: its kernel keys win, its lists come after.
    mutating func merge(_ later: Spec) {
        kernel.image = later.kernel.image ?? kernel.image
        kernel.cmdline = later.kernel.cmdline ?? kernel.cmdline
        kernel.binary = later.kernel.binary ?? kernel.binary
        kernel.tar = later.kernel.tar ?? kernel.tar
        kernel.ucode = later.kernel.ucode ?? kernel.ucode
        // What is added to a list goes with it when it is replaced.
        kernel.modulesAdd =
            later.kernel.modules == nil
            ? joined(kernel.modulesAdd, later.kernel.modulesAdd) : later.kernel.modulesAdd
        kernel.modules = later.kernel.modules ?? kernel.modules
        boot.image = later.boot.image ?? boot.image
        `init` += later.`init`
        for section in Section.allCases { self[section] += later[section] }
        volumes += later.volumes
        files += later.files
        if let other = later.network {
            var both = network ?? NetworkSpec()
            both.merge(other)
            network = both
        }
        time = later.time ?? time
        watchdog = later.watchdog ?? watchdog
        readonly = later.readonly ?? readonly
        hidesProcesses = later.hidesProcesses ?? hidesProcesses
        trust =
            trust.map { earlier in
                var both = earlier
                both.images = joined(earlier.images, later.trust?.images)
                both.organizations = joined(earlier.organizations, later.trust?.organizations)
                return both
            } ?? later.trust
        policy = later.policy ?? policy
        outputs += later.outputs
    }

    private func joined<Item>(_ earlier: [Item]?, _ later: [Item]?) -> [Item]? {
        earlier == nil && later == nil ? nil : (earlier ?? []) + (later ?? [])
    }
}
