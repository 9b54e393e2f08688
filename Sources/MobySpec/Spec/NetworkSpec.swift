/// The section `network`: the machine's own network, which PID 1 sets up before the first container.
public struct NetworkSpec: Sendable {
    public var hostname: String?
    /// Whether the machine speaks IPv6; nil is the kernel's default, which is yes.
    public var ipv6: Bool?
    /// In the order of the files; each name once.
    public var links: [LinkSpec] = []

    public init() {}

    mutating func merge(_ later: NetworkSpec) {
        hostname = later.hostname ?? hostname
        ipv6 = later.ipv6 ?? ipv6
        for link in later.links { self[link.name] = link }
    }

    subscript(name: String) -> LinkSpec? {
        get { links.first { $0.name == name } }
        set {
            let index = links.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let link?): links[index] = link
            case (nil, let link?): links.append(link)
            case (let index?, nil): links.remove(at: index)
            case (nil, nil): break
            }
        }
    }
}

/// One network interface of the machine.
public struct LinkSpec: Sendable {
    public var name: String
    public var usesDHCP = false
    public var addresses: [IPPrefix] = []
    public var gateways: [IPAddress] = []
    public var nameServers: [IPAddress] = []
    /// Bytes.
    public var mtu: Int?
    public var vlan: VLANSpec?
    public var bond: BondSpec?
    public var location: SourceLocation

    /// The interfaces that it is made of.
    var parts: [String] { (vlan.map { [$0.link] } ?? []) + (bond?.links ?? []) }
}

/// An interface for the packets of another one that have a tag (IEEE 802.1Q).
public struct VLANSpec: Sendable {
    public var link = ""
    public var id = 0
}

/// Several interfaces as one.
public struct BondSpec: Sendable {
    /// As the kernel names them (Documentation/networking/bonding.rst); the number of each is its value in netlink.
    public enum Mode: String, Sendable, CaseIterable {
        case balanceRR = "balance-rr"
        case activeBackup = "active-backup"
        case balanceXOR = "balance-xor"
        case broadcast
        case lacp = "802.3ad"
        case balanceTLB = "balance-tlb"
        case balanceALB = "balance-alb"
    }

    public var links: [String] = []
    public var mode = Mode.activeBackup
}
