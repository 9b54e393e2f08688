/// A machine of Compute Engine (`instances` resource): the fields that are sent.
public struct Instance: Sendable, Encodable, Equatable {
    public struct Disk: Sendable, Encodable, Equatable {
        public struct Parameters: Sendable, Encodable, Equatable {
            public var sourceImage: String?
            public var diskName: String?
            public var diskSizeGb: String?
        }
        public var boot: Bool
        public var autoDelete: Bool
        public var initializeParams: Parameters
    }

    public struct Interface: Sendable, Encodable, Equatable {
        public struct Access: Sendable, Encodable, Equatable {
            public var name = "External NAT"
            public var type = "ONE_TO_ONE_NAT"
        }
        public var network: String?
        public var subnetwork: String?
        public var accessConfigs = [Access()]
    }

    public struct Metadata: Sendable, Encodable, Equatable {
        public struct Item: Sendable, Encodable, Equatable {
            public var key: String
            public var value: String
        }
        public var items: [Item]
    }

    public struct Tags: Sendable, Encodable, Equatable {
        public var items: [String]
        public init(items: [String]) { self.items = items }
    }

    public struct Shielded: Sendable, Encodable, Equatable {
        public var enableVtpm: Bool
        public init(enableVtpm: Bool) { self.enableVtpm = enableVtpm }
    }

    public var name: String
    /// `zones/ZONE/machineTypes/TYPE`.
    public var machineType: String
    public var minCpuPlatform: String?
    public var disks: [Disk]
    public var networkInterfaces: [Interface]
    public var metadata: Metadata
    public var labels: [String: String]
    public var tags: Tags?
    public var shieldedInstanceConfig: Shielded?

    /// A machine with one disk of an image, one interface with an address of its own, and no metadata.
    /// - Parameter image: `projects/PROJECT/global/images/NAME`.
    public init(_ name: String, machine: String, zone: String, image: String, labels: [String: String] = [:]) {
        self.name = name
        machineType = "zones/\(zone)/machineTypes/\(machine)"
        disks = [Disk(boot: true, autoDelete: true, initializeParams: .init(sourceImage: image))]
        networkInterfaces = [Interface()]
        metadata = Metadata(items: [])
        self.labels = labels
    }

    /// Adds an empty disk that goes with the machine; size in GB.
    public mutating func add(disk name: String, size: Int) {
        disks.append(
            Disk(boot: false, autoDelete: true, initializeParams: .init(diskName: name, diskSizeGb: "\(size)")))
    }

    /// Adds an entry of metadata.
    public mutating func set(_ key: String, _ value: String) { metadata.items.append(.init(key: key, value: value)) }

}

/// The facts that are read of a machine.
public struct InstanceFacts: Sendable, Decodable {
    public struct Interface: Sendable, Decodable {
        public struct Access: Sendable, Decodable { public var natIP: String? }
        public var networkIP: String?
        public var accessConfigs: [Access]?
    }

    public var name: String
    public var status: String?
    public var labels: [String: String]?
    public var networkInterfaces: [Interface]?

    /// The public address.
    public var address: String? {
        networkInterfaces?.lazy.compactMap { $0.accessConfigs?.lazy.compactMap(\.natIP).first }.first
    }
}
