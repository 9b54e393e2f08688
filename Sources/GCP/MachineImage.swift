internal import MachineModel

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
        architecture = Architecture.amd64.googleName
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
