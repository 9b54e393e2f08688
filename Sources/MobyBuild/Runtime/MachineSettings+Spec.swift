internal import BootLayout
internal import MobySpec

extension MachineSettings {
    /// What PID 1 has to know of the spec beyond its containers.
    init(_ spec: Spec) {
        self.init()
        isReadOnly = spec.readonly ?? false
        hidesProcesses = spec.hidesProcesses ?? false
        watchdog = spec.watchdog
        if let network = spec.network { self.network = NetworkSettings(network) }
    }
}

extension NetworkSettings {
    /// Interfaces with DHCP are dhcpcd's, unless they have to be made first.
    init(_ spec: NetworkSpec) {
        self.init()
        hostname = spec.hostname
        isIPv6Off = spec.ipv6 == false
        nameServers = spec.links.flatMap(\.nameServers).map(\.text)
        let links = spec.links.filter { !$0.usesDHCP || $0.vlan != nil || $0.bond != nil || $0.mtu != nil }.map(
            Link.init)
        // Links of a bond are off when it takes them, and VLANs may be of a bond.
        self.links = links.filter(\.isBond) + links.filter { $0.isPlain } + links.filter { !$0.isBond && !$0.isPlain }
    }
}

extension NetworkSettings.Link {
    init(_ spec: LinkSpec) {
        self.init(name: spec.name)
        addresses = spec.addresses.map(\.text)
        gateways = spec.gateways.map(\.text)
        mtu = spec.mtu
        if let vlan = spec.vlan { origin = .vlan(link: vlan.link, id: vlan.id) }
        if let bond = spec.bond {
            origin = .bond(links: bond.links, mode: BondSpec.Mode.allCases.firstIndex(of: bond.mode) ?? 0)
        }
    }

    fileprivate var isBond: Bool { if case .bond = origin { true } else { false } }
    fileprivate var isPlain: Bool { origin == .existing }
}
