internal import BootLayout
internal import MobySpec

/// User namespaces (user_namespaces(7)).
extension RuntimeConfigBuilder {
    /// Ids of a container that names none, from ``firstID`` on: no two containers share one.
    private static let idsPerContainer: UInt32 = 65_536
    private static let firstID: UInt32 = 100_000

    var hasOwnUsers: Bool { merge.chooseNamespace("userns") { $0.userns }?.value == .new }

    var userMappings: WithOrigin<[IDMapping]>? {
        merge.choose("uidMappings") { $0.uidMappings.flatMap { $0.isEmpty ? nil : $0 } } ?? standardMappings
    }

    var groupMappings: WithOrigin<[IDMapping]>? {
        merge.choose("gidMappings") { $0.gidMappings.flatMap { $0.isEmpty ? nil : $0 } } ?? standardMappings
    }

    private var standardMappings: WithOrigin<[IDMapping]>? {
        guard hasOwnUsers, let number = input.identities.number(.container(container.name)) else { return nil }
        let start = Self.firstID + (number - IdentityTable.first) * Self.idsPerContainer
        return WithOrigin(
            value: [IDMapping(hostID: start, containerID: 0, size: Self.idsPerContainer)], origin: .standard)
    }

    /// How PID 1 changes the owners of the container's files, which the image has as the container sees them; empty when
    /// they stay as they are.
    var ownerRanges: (users: [RuntimeRecord.IDRange], groups: [RuntimeRecord.IDRange]) {
        guard hasOwnUsers else { return ([], []) }
        func ranges(_ mappings: WithOrigin<[IDMapping]>?) -> [RuntimeRecord.IDRange] {
            let changed = (mappings?.value ?? []).filter { $0.hostID != $0.containerID }
            return changed.map { .init(containerID: $0.containerID, hostID: $0.hostID, size: $0.size) }
        }
        return (ranges(userMappings), ranges(groupMappings))
    }

    /// The kernel lets only the owner of a network namespace mount a view of it: with the machine's network, the
    /// container sees the machine's `/sys`, read-only.
    var needsMachineSys: Bool { hasOwnUsers && isShared("net", \.net) }
}
