internal import GCP

/// A machine of Compute Engine to start.
public struct GCPMachine: Sendable {
    /// What the user sees of the machine.
    public enum Console: Sendable, Equatable {
        /// The serial port, by ssh.
        case interactive
        /// The output of the serial port.
        case output
        /// Nothing: the machine is started and left running.
        case none
    }

    public var project: String
    /// Nil takes the image's name.
    public var name: String?
    public var zone = "europe-west1-d"
    public var machine = "g1-small"
    /// More disks: names and sizes in GB.
    public var disks: [(name: String?, size: Int)] = []
    /// User data.
    public var data: String?
    /// Lines `USER:KEY` for `ssh-keys`.
    public var sshKeys: [String] = []
    public var network: String?
    public var subnetwork: String?
    public var tags: [String] = []
    public var nested = false
    public var vtpm = false
    /// Whether the machine is never deleted.
    public var keeps = false
    public var console = Console.interactive

    /// In GB ("Persistent disk limits").
    public static let largestDisk = 65536

    public init(project: String) { self.project = project }

    var isDeletedAtEnd: Bool { !keeps && console != .none }

    /// Replaces user data, which may hold secrets, in a plan.
    static func placeholder(of data: String) -> String { "(\(data.utf8.count) bytes of user data)" }
}

extension GCPMachine {
    /// The request for the machine, with placeholders for user data and for the key of the serial console.
    /// - Throws: ``RunError`` for names, sizes and combinations that Compute Engine would refuse.
    func instance(of image: String) throws -> Instance {
        try GCPNames.project(project)
        try GCPNames.zone(zone)
        try GCPNames.machineType(machine)
        let name = name ?? image
        try GCPNames.resource(name, "instance", option: "--name")
        try GCPNames.resource(image, "image", option: "'moby run gcp IMAGE'")
        var instance = Instance(
            name, machine: machine, zone: zone, image: "projects/\(project)/global/images/\(image)",
            labels: GoogleCloud.labels)
        try addDisks(to: &instance)
        try addMetadata(to: &instance)
        try connect(&instance)
        if nested { instance.minCpuPlatform = try nestingPlatform }
        if vtpm { instance.shieldedInstanceConfig = Instance.Shielded(enableVtpm: true) }
        return instance
    }

    /// The boot disk has the name of the machine.
    private func addDisks(to instance: inout Instance) throws {
        var names: Set = [instance.name]
        for (index, disk) in disks.enumerated() {
            let name = disk.name ?? "\(instance.name)-disk-\(index)"
            try GCPNames.resource(name, "disk", option: "--disk NAME,size=10")
            guard names.insert(name).inserted else {
                let other = name == instance.name ? "the machine's boot disk" : "another disk"
                throw RunError(
                    "disk '\(name)' has the same name as \(other)",
                    hint: "choose another name with --disk NAME,size=10")
            }
            guard (1...Self.largestDisk).contains(disk.size) else {
                throw RunError(
                    "disk '\(name)' has \(disk.size) GB, expected 1 to \(Self.largestDisk)",
                    hint: "write --disk NAME,size=10")
            }
            instance.add(disk: name, size: disk.size)
        }
    }

    private func addMetadata(to instance: inout Instance) throws {
        var keys = sshKeys
        if console == .interactive { keys.insert("\(SerialGateway.user):\(SerialGateway.keyPlaceholder)", at: 0) }
        instance.set("serial-port-enable", "1")
        if !keys.isEmpty { instance.set("ssh-keys", keys.joined(separator: "\n")) }
        guard let data else { return }
        guard data.utf8.count <= 256 << 10 else {
            throw RunError(
                "the user data is \(data.utf8.count) bytes long; the limit of Compute Engine is 262144",
                hint: "store the rest where the guest can fetch it")
        }
        instance.set("user-data", Self.placeholder(of: data))
    }

    /// Without network and subnetwork, the machine is in the network 'default'.
    private func connect(_ instance: inout Instance) throws {
        if network != nil || subnetwork != nil {
            instance.networkInterfaces[0].network = try network.map { try GCPNames.network($0) }
            instance.networkInterfaces[0].subnetwork = try subnetwork.map {
                try GCPNames.subnetwork($0, project: project, zone: zone)
            }
        }
        for tag in tags { try GCPNames.tag(tag) }
        if !tags.isEmpty { instance.tags = Instance.Tags(items: tags) }
    }

    /// The oldest processor with nested virtualization, for machines of the first generation only: they may get an
    /// older one; all others have newer ones and refuse this ("Nested virtualization", "Restrictions").
    private var nestingPlatform: String? {
        get throws {
            if let series = ["e2", "n2d", "c2d", "t2d", "c3d", "t2a"].first(where: { machine.hasPrefix("\($0)-") }) {
                throw RunError(
                    "machines of the series \(series), such as '\(machine)', do not support nested virtualization",
                    hint: "choose another --machine, such as n2-standard-2, or leave --nested-virt out")
            }
            return machine.hasPrefix("n1-") || machine.hasPrefix("custom-") ? "Intel Haswell" : nil
        }
    }

    /// Checks an existing image that the machine is to start from; nil does not exist.
    func check(_ image: ImageFacts?, _ name: String, _ project: String) throws(RunError) {
        guard let image else {
            throw RunError(
                "image '\(name)' does not exist in project '\(project)'",
                hint: "create it with: moby push gcp --bucket BUCKET \(name)\(GCPTarball.suffix)")
        }
        if let status = image.status, status != "READY" {
            throw RunError("image '\(name)' is \(status), expected READY")
        }
        if vtpm, !image.has("UEFI_COMPATIBLE") {
            throw RunError(
                "a virtual TPM needs an image that boots by UEFI", hint: "push it again with --uefi-compatible")
        }
        if nested, !image.isNested {
            throw RunError(
                "image '\(name)' does not allow nested virtualization", hint: "push it again with --nested-virt")
        }
    }
}
