internal import MobySpec
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
