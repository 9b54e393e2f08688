internal import BootLayout
internal import Extents
public import MobySpec
internal import OCI

/// Every container of a spec with its place and final configuration.
struct ContainerPlan: Sendable {
    private(set) var explanations: [Explanation] = []
    private(set) var warnings: [Diagnostic] = []

    /// - Throws: `SpecError` with the faults of all containers.
    init(_ spec: Spec, _ images: ImageSet) throws {
        var faults: [Diagnostic] = []
        try self.init(spec, images, identities: IdentityTable(spec), volumes: VolumeTable(spec), &faults)
        guard faults.isEmpty else { throw SpecError(faults) }
    }

    /// Those containers that have no fault.
    init(
        _ spec: Spec, _ images: ImageSet, identities: IdentityTable, volumes: VolumeTable, _ faults: inout [Diagnostic]
    ) throws {
        var labels: [String: ContainerOptions] = [:]
        let sections: [(Placement.Stage, [ContainerSpec])] = [
            (.onboot, spec.onboot), (.onshutdown, spec.onshutdown), (.services, spec.services),
        ]
        for (stage, containers) in sections {
            for (index, container) in containers.enumerated() {
                let image = images[container.image]
                do {
                    let label = try labels[image.identity] ?? ContainerPlan.label(of: image, container)
                    labels[image.identity] = label
                    let placement = Placement(
                        stage: stage, index: index, name: container.name, imageTree: "/" + image.guestTree)
                    let config = try RuntimeConfig(
                        RuntimeConfig.Input(
                            container: container, label: label, image: image.config, placement: placement,
                            volumes: volumes,
                            identities: identities, accounts: { try images.accounts(image) }))
                    explanations.append(Explanation(container: container, placement: placement, config: config))
                    warnings += config.warnings
                } catch let error as SpecError { faults += error.diagnostics }
            }
        }
    }

    private static func label(of image: Image, _ container: ContainerSpec) throws -> ContainerOptions {
        guard let text = image.config.config?.labels?["org.mobyproject.config"] else { return ContainerOptions() }
        return try SpecReader.label(text, of: container.image.value)
    }
}

/// Where one container lies in the guest.
public struct Placement: Sendable {
    public enum Stage: String, Sendable, CaseIterable { case onboot, onshutdown, services }

    public let stage: Stage
    /// Position in its section, from 0.
    public let index: Int
    public let name: String
    /// Where its image's tree lies, e.g. `/images/0123456789abcdef`.
    public let imageTree: String

    public init(stage: Stage, index: Int, name: String, imageTree: String) {
        self.stage = stage
        self.index = index
        self.name = name
        self.imageTree = imageTree
    }

    /// Name of the bundle directory, which is also runc's container id: services by name, the others with a three-digit
    /// position.
    public var identifier: String {
        guard stage != .services else { return name }
        let digits = String(index)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits + "-" + name
    }

    /// The bundle directory.
    public var bundle: String {
        switch stage {
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
        for (offset, container) in (spec.onboot + spec.onshutdown + spec.services).enumerated() {
            numbers[container.name] = IdentityTable.first + UInt32(offset)
        }
    }

    /// The number an identity stands for: itself, 0 for `root` or nothing, else that of the container; nil for an
    /// unknown name.
    public func number(_ identity: Identity) -> UInt32? {
        switch identity {
        case .number(let number): number
        case .container(let name): name.isEmpty || name == "root" ? 0 : numbers[name]
        }
    }

    /// What to tell someone who wrote a name that is not there.
    func unknown(_ identity: Identity, key: String, at location: SourceLocation) -> Diagnostic {
        guard case .container(let name) = identity else { preconditionFailure("a number is always known") }
        let names = numbers.keys.sorted()
        let known = names.isEmpty ? "there are none" : names.joined(separator: ", ")
        return Diagnostic(
            at: location, "\(key) is '\(PlainText.short(name))', which is not a container of this file",
            hint: "use a number, or one of: \(known)")
    }
}

/// The volumes of a spec by name: what a mount source without a leading slash stands for.
public struct VolumeTable: Sendable {
    private let volumes: [String: VolumeSpec]

    public init(_ spec: Spec) {
        volumes = Dictionary(spec.volumes.map { ($0.name, $0) }) { _, last in last }
    }

    /// The guest path for a bind source: an absolute path is itself, a name is the volume's `merged` directory.
    /// - Throws: `Diagnostic` for an unknown volume, or a writable use of a read-only one.
    func source(_ source: String, options: [String], at location: SourceLocation) throws(Diagnostic) -> String {
        guard !source.hasPrefix("/") else { return source }
        guard let volume = volumes[source] else {
            let names = volumes.keys.sorted().joined(separator: ", ")
            throw Diagnostic(
                at: location, "'\(PlainText.short(source))' is neither an absolute path nor a volume",
                hint: names.isEmpty
                    ? "declare it under volumes:, or start it with '/'" : "volumes of this file: \(names)")
        }
        if volume.readonly {
            let writable = options.firstIndex(of: "rw") ?? Int.max
            guard let readonly = options.firstIndex(of: "ro"), readonly < writable else {
                throw Diagnostic(
                    at: location, "volume '\(PlainText.short(source))' is read-only, and this use of it is not",
                    hint: "add the option 'ro': \(source):/path:ro")
            }
        }
        return "\(BootLayout.volumes)/\(source)/merged"
    }
}
