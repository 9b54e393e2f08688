internal import Extents
internal import JSON

extension Codec where Value == NetworkSpec {
    static var network: Codec { object(.network) { _ in NetworkSpec() } }
}

extension KeyTable where Owner == NetworkSpec {
    static let network = KeyTable(
        "network",
        """
        The machine's network, which PID 1 sets up before the first container. For an interface with `dhcp`, the build adds the `onboot` container
        `dhcpcd` and a service of that name, unless a file has a container `dhcpcd`. If several files set a key, the last one wins.
        """,
        [
            Key(
                "hostname", \.hostname, .hostname,
                "Name of the machine; metadata may replace it, `/etc/hostname` does not.", example: "web1",
                since: .moby),
            Key(
                "ipv6", \.ipv6, .bool, "`false` turns IPv6 off for all interfaces.", example: "false", since: .moby,
                default: "true"),
        ],
        others: .interface)
}

extension OtherKeys where Owner == NetworkSpec {
    /// Every other key is the name of an interface.
    static let interface = OtherKeys(
        "INTERFACE", shape: .either(.choice(["dhcp"]), Codec<LinkSpec>.link(named: "").shape),
        "An interface such as `eth0`: `dhcp`, or its settings.",
        example: "{address: 10.0.0.2/24, gateway: 10.0.0.1, dns: [10.0.0.1]}", since: .moby
    ) { name, node, network, reading in
        if let problem = InterfaceName.check(name.value) {
            reading.error(
                at: name.location, "interface '\(PlainText.short(name.value))' \(problem.message)", hint: problem.hint)
            return
        }
        if case .scalar(let scalar) = node.content {
            guard scalar.text == "dhcp" else {
                // Only 'ipv6' is true or false.
                let isSwitch = ["true", "false"].contains(scalar.text)
                let guess = Spelling.closest(to: name.value, in: ["hostname", "ipv6"]) ?? (isSwitch ? "ipv6" : nil)
                if let guess {
                    return reading.error(
                        at: name.location, "unknown key '\(PlainText.short(name.value))' in network",
                        hint: "did you mean '\(guess)'?")
                }
                return reading.mismatch(
                    node, expected: "'dhcp' or a mapping",
                    hint: (try? IPPrefix(scalar.text)) == nil ? nil : "write {address: \(scalar.text)}")
            }
            var link = LinkSpec(name: name.value, location: name.location)
            link.usesDHCP = true
            network[name.value] = link
        } else if let link = Codec<LinkSpec>.link(named: name.value).read(node, &reading) {
            network[name.value] = link
        }
    } write: { network in
        network.links.map { ($0.name, Codec<LinkSpec>.link(named: $0.name).write($0)) }
    }
}

extension Codec where Value == LinkSpec {
    static func link(named name: String) -> Codec {
        object(.link) {
            LinkSpec(name: name, location: $0)
        } finish: { link, node, reading in
            let isStatic = !link.addresses.isEmpty || !link.gateways.isEmpty
            if link.usesDHCP, isStatic || !link.nameServers.isEmpty {
                reading.error(
                    at: node.location, "\(reading.subject) has 'dhcp' and settings that DHCP makes",
                    hint: "remove 'dhcp', or 'address', 'gateway' and 'dns'")
            }
            if link.vlan != nil, link.bond != nil {
                reading.error(at: node.location, "\(reading.subject) cannot be a 'vlan' and a 'bond'")
            }
            for gateway in link.gateways where !link.reaches(gateway) {
                reading.warn(
                    at: node.location,
                    "the gateway \(gateway.text) of \(reading.subject) is in none of its networks: "
                        + link.addresses.map(\.text).joined(separator: ", "))
            }
            return link
        }
    }
}

extension LinkSpec {
    /// Whether a gateway is a neighbor: in one of the networks, or an IPv6 address of the link itself (fe80::/10).
    fileprivate func reaches(_ gateway: IPAddress) -> Bool {
        let isLinkLocal = gateway.isIPv6 && gateway.bytes[0] == 0xFE && gateway.bytes[1] & 0xC0 == 0x80
        let isPointToPoint = addresses.contains {
            $0.address.isIPv6 == gateway.isIPv6 && $0.length == $0.address.bytes.count * 8
        }
        return isLinkLocal || isPointToPoint || addresses.contains { $0.contains(gateway) }
    }
}

extension KeyTable where Owner == LinkSpec {
    static let link = KeyTable(
        "network.interface", "An interface of the machine. An interface without an address is only turned on.",
        [
            Key("dhcp", \.usesDHCP, .bool, "Asks a DHCP server.", example: "true", since: .moby),
            Key(
                "address", \.addresses, .oneOrMore(.prefix), "Addresses with the lengths of their networks.",
                example: "10.0.0.2/24", since: .moby, alias: ["addresses", "ip"]),
            Key(
                "gateway", \.gateways, .oneOrMore(.address), "Default gateway, one each of IPv4 and IPv6.",
                example: "10.0.0.1", since: .moby, alias: ["gateway4", "gateway6"], with: "address: 10.0.0.2/24"),
            Key(
                "dns", \.nameServers, .oneOrMore(.address), "Name servers, for `/etc/resolv.conf`.",
                example: "[10.0.0.1, 1.1.1.1]", since: .moby, alias: ["nameservers"]),
            Key(
                "mtu", \.mtu, Codec<Int>.int(68...65_535), "Most bytes of a packet.", example: "1400",
                since: .moby),
            Key(
                "vlan", \.vlan, Codec<VLANSpec>.vlan,
                "Makes the interface, for the packets of another one that have a tag.",
                example: "{link: eth0, id: 5}", since: .moby),
            Key(
                "bond", \.bond, Codec<BondSpec>.bond, "Makes the interface of several others.",
                example: "{links: [eth0, eth1], mode: active-backup}", since: .moby),
        ])
}

extension Codec where Value == VLANSpec {
    static var vlan: Codec { object(.vlan) { _ in VLANSpec() } }
}

extension KeyTable where Owner == VLANSpec {
    static let vlan = KeyTable(
        "network.interface.vlan", "A VLAN (IEEE 802.1Q).",
        [
            Key(
                "link", \.link, .interfaceName, absent: nil, "Interface with the packets.", example: "eth0",
                since: .moby),
            Key("id", \.id, Codec<Int>.int(1...4094), absent: nil, "Tag.", example: "5", since: .moby),
        ])
}

extension Codec where Value == BondSpec {
    static var bond: Codec { object(.bond) { _ in BondSpec() } }
}

extension KeyTable where Owner == BondSpec {
    static let bond = KeyTable(
        "network.interface.bond", "Several interfaces as one.",
        [
            Key(
                "links", \.links, .list(.interfaceName), absent: nil, "The interfaces.", example: "[eth0, eth1]",
                since: .moby),
            Key(
                "mode", \.mode, .choice, absent: { $0 == .activeBackup }, "Which of them sends a packet.",
                example: "802.3ad", since: .moby, default: BondSpec.Mode.activeBackup.rawValue),
        ])
}

/// The name of a network interface, as the kernel accepts it (`dev_valid_name`).
enum InterfaceName {
    static let pattern = "^(?!\\.\\.?$)[^/:\\s]{1,15}$"

    static func check(_ text: String) -> SyntaxError? {
        let isBroken =
            text.isEmpty || text == "." || text == ".."
            || text.utf8.contains { $0 <= 0x20 || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ":") }
        if isBroken { return SyntaxError("is not a valid name of an interface", hint: "names are like eth0") }
        guard text.utf8.count > 15 else { return nil }
        return SyntaxError("has \(text.utf8.count) bytes, more than the 15 of an interface's name")
    }
}

extension Codec where Value == String {
    static var interfaceName: Codec {
        string.checked { name in
            InterfaceName.check(name).map {
                SyntaxError("is '\(PlainText.short(name))', which \($0.message)", hint: $0.hint)
            }
        }.shaped(.string(pattern: InterfaceName.pattern))
    }

    /// What sethostname(2) accepts, and others understand (RFC 1123, 2.1).
    static var hostname: Codec {
        let pattern = "^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$"
        return string.checked { name in
            name.utf8.count <= 64 && name.wholeMatch(of: /[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?/) != nil
                ? nil
                : SyntaxError(
                    "is '\(PlainText.short(name))', expected a host name",
                    hint: "up to 64 letters, digits, '-' and '.', with a letter or digit at both ends")
        }.shaped(.string(pattern: pattern))
    }
}

extension Codec where Value == String {
    /// A name or an address. It becomes a word of chronyd's configuration.
    static var timeServer: Codec {
        word.checked { text in
            text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
                ? nil : SyntaxError("is '\(PlainText.short(text))', expected the name or address of a server")
        }
    }
}

extension Codec where Value == IPAddress {
    static var address: Codec {
        Codec<String>.string.parsed(from: \.text, IPAddress.parse)
    }
}

extension Codec where Value == IPPrefix {
    static var prefix: Codec {
        Codec<String>.string.parsed(from: \.text, IPPrefix.init).shaped(.string(pattern: "^[0-9A-Fa-f:.]+/[0-9]{1,3}$"))
    }
}
