public import JSON

/// The machine's own network, as PID 1 sets it up.
public struct NetworkSettings: Sendable, Equatable {
    /// An interface; one that exists, unless it is made of others.
    public struct Link: Sendable, Equatable {
        public var name: String
        /// With prefix lengths: `10.0.0.2/24`.
        public var addresses: [String] = []
        public var gateways: [String] = []
        /// Bytes.
        public var mtu: Int?
        public var origin = Origin.existing

        public init(name: String) { self.name = name }
    }

    /// How an interface comes to be.
    public enum Origin: Sendable, Equatable {
        case existing
        case vlan(link: String, id: Int)
        /// - mode: as the kernel numbers them (`linux/if_bonding.h`).
        case bond(links: [String], mode: Int)
    }

    public var hostname: String?
    public var isIPv6Off = false
    public var nameServers: [String] = []
    /// In the order of setting them up: those that others are made of come first.
    public var links: [Link] = []

    public init() {}

    public var jsonValue: JSONValue {
        let members: [JSONValue.Member] = [
            ("hostname", hostname.map { .string($0) } ?? .null), ("ipv6", isIPv6Off ? .bool(false) : .null),
            ("dns", nameServers.isEmpty ? .null : .strings(nameServers)),
            ("links", links.isEmpty ? .null : .array(links.map { $0.jsonValue })),
        ]
        return .object(members.filter { $0.value != .null })
    }

    init(fields: JSONFields) throws(JSONError) {
        hostname = fields["hostname"] == nil ? nil : try fields.string("hostname")
        let isIPv6On = try fields.bool("ipv6")
        isIPv6Off = fields["ipv6"] != nil && !isIPv6On
        nameServers = try fields.strings("dns")
        links = try fields.objects("links", Link.init(fields:))
    }
}

extension NetworkSettings.Link {
    var jsonValue: JSONValue {
        var members: [JSONValue.Member] = [
            ("name", .string(name)), ("addresses", addresses.isEmpty ? .null : .strings(addresses)),
            ("gateways", gateways.isEmpty ? .null : .strings(gateways)), ("mtu", mtu.map { .integer($0) } ?? .null),
        ]
        switch origin {
        case .existing: break
        case .vlan(let link, let id): members += [("vlan", .integer(id)), ("of", .strings([link]))]
        case .bond(let links, let mode): members += [("bond", .integer(mode)), ("of", .strings(links))]
        }
        return .object(members.filter { $0.value != .null })
    }

    init(fields: JSONFields) throws(JSONError) {
        self.init(name: try fields.string("name"))
        addresses = try fields.strings("addresses")
        gateways = try fields.strings("gateways")
        mtu = fields["mtu"] == nil ? nil : try fields.integer("mtu")
        let links = try fields.strings("of")
        if fields["vlan"] != nil {
            guard let link = links.first else { throw JSONError("the VLAN '\(name)' has no 'of'") }
            origin = .vlan(link: link, id: try fields.integer("vlan"))
        } else if fields["bond"] != nil {
            origin = .bond(links: links, mode: try fields.integer("bond"))
        }
    }
}
