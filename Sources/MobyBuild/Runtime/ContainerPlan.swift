internal import BootLayout
public import MobySpec
internal import OCI

/// Every container of a spec with its location and final configuration.
struct ContainerPlan: Sendable {
    private(set) var explanations: [Explanation] = []
    private(set) var warnings: [Diagnostic] = []

    /// - Throws: `SpecError` with the diagnostics of all containers.
    init(_ spec: Spec, _ images: ImageSet) throws {
        var diagnostics: [Diagnostic] = []
        try self.init(spec, images, identities: IdentityTable(spec), volumes: VolumeTable(spec), &diagnostics)
        guard diagnostics.isEmpty else { throw SpecError(diagnostics) }
    }

    /// Those containers that have no error.
    init(
        _ spec: Spec, _ images: ImageSet, identities: IdentityTable, volumes: VolumeTable,
        _ diagnostics: inout [Diagnostic]
    ) throws {
        var labels: [String: ContainerOptions] = [:]
        for section in Spec.Section.allCases {
            for (index, container) in spec[section].enumerated() {
                let image = images[container.image]
                do {
                    let label = try labels[image.identity] ?? ContainerPlan.label(of: image, container)
                    labels[image.identity] = label
                    let placement = BundleLocation(
                        section: section, index: index, name: container.name, imageTree: "/" + image.guestTree)
                    var input = RuntimeConfig.Input(
                        container: container, label: label, image: image.config, placement: placement,
                        volumes: volumes, identities: identities, accounts: { try images.accounts(image) })
                    input.machine = MachineSettings(spec)
                    let config = try RuntimeConfig(input)
                    explanations.append(Explanation(container: container, placement: placement, config: config))
                    warnings += config.warnings
                } catch let error as SpecError { diagnostics += error.diagnostics }
            }
        }
    }

    private static func label(of image: Image, _ container: ContainerSpec) throws -> ContainerOptions {
        guard let text = image.config.config?.labels?["org.mobyproject.config"] else { return ContainerOptions() }
        return try SpecReader.label(text, of: container.image.value)
    }
}

/// Where one container lies in the guest.
public struct BundleLocation: Sendable {
    public let section: Spec.Section
    /// Position in its section, from 0.
    public let index: Int
    public let name: String
    /// Where its image's tree lies, e.g. `/images/0123456789abcdef`.
    public let imageTree: String

    package init(section: Spec.Section, index: Int, name: String, imageTree: String) {
        (self.section, self.index, self.name, self.imageTree) = (section, index, name, imageTree)
    }

    /// Name of the bundle directory, which is also runc's container id: services by name, the others with a three-digit
    /// position.
    public var identifier: String {
        guard section != .services else { return name }
        let digits = String(index)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits + "-" + name
    }

    /// The bundle directory.
    public var bundle: String {
        switch section {
        case .onboot: "\(BootLayout.onboot)/\(identifier)"
        case .onshutdown: "\(BootLayout.onshutdown)/\(identifier)"
        case .services: "\(BootLayout.services)/\(identifier)"
        }
    }
}

/// The number of each container: from 100 on, through onboot, onshutdown and services in file order; a repeated name
/// keeps its last.
public struct IdentityTable: Sendable {
    public static let first: UInt32 = 100
    private var numbers: [String: UInt32] = [:]

    public init(_ spec: Spec) {
        for (offset, container) in spec.containers.enumerated() {
            numbers[container.name] = IdentityTable.first + UInt32(offset)
        }
    }

    /// The number of an identity: itself, 0 for `root` or nothing, else that of the container; nil for an
    /// unknown name.
    public func number(_ identity: Identity) -> UInt32? {
        switch identity {
        case .number(let number): number
        case .container(let name): name.isEmpty || name == "root" ? 0 : numbers[name]
        }
    }

    /// The report of a name that no container has.
    func unknown(_ identity: Identity, key: String, of who: String, at location: SourceLocation) -> Diagnostic {
        guard case .container(let name) = identity else { preconditionFailure("a number is always known") }
        return Identity.unknown(name, key, of: who, at: location, containers: numbers.keys.sorted())
    }
}
