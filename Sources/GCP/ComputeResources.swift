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

/// A disk image of Compute Engine (`images` resource): the fields that are sent.
public struct MachineImage: Sendable, Encodable, Equatable {
    public struct RawDisk: Sendable, Encodable, Equatable {
        /// `https://storage.googleapis.com/BUCKET/OBJECT`.
        public var source: String
    }

    public struct Feature: Sendable, Encodable, Equatable {
        public var type: String
    }

    public var name: String
    public var family: String?
    public var rawDisk: RawDisk
    public var guestOsFeatures: [Feature]
    public var licenses: [String]?
    public var architecture: String?
    public var labels: [String: String]

    /// Lets machines made from the image run virtual machines.
    static let nestedVirtualization =
        "https://www.googleapis.com/compute/v1/projects/vm-options/global/licenses/enable-vmx"

    /// - Parameters:
    ///   - source: bucket and object.
    ///   - features: names of guest OS features, e.g. `UEFI_COMPATIBLE`.
    public init(
        _ name: String, family: String? = nil, bucket: String, object: String, features: [String], nested: Bool = false,
        labels: [String: String] = [:]
    ) {
        self.name = name
        self.family = family
        rawDisk = RawDisk(source: "https://storage.googleapis.com/\(bucket)/\(object)")
        guestOsFeatures = features.map(Feature.init)
        licenses = nested ? [Self.nestedVirtualization] : nil
        architecture = "X86_64"
        self.labels = labels
    }

    public var bootsByUEFI: Bool { guestOsFeatures.contains { $0.type == "UEFI_COMPATIBLE" } }
}

/// The facts that are read of an image.
public struct ImageFacts: Sendable, Decodable {
    public struct Feature: Sendable, Decodable { public var type: String? }

    public var name: String
    public var status: String?
    public var licenses: [String]?
    public var guestOsFeatures: [Feature]?
    /// In GB; JSON has it as text.
    public var diskSizeGb: String?

    public func has(_ feature: String) -> Bool { guestOsFeatures?.contains { $0.type == feature } ?? false }
    public var isNested: Bool { licenses?.contains { $0.hasSuffix("/licenses/enable-vmx") } ?? false }
}
