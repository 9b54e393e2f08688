/// Containers that sections of the machine stand for: `network` with DHCP, `time`. They are read like those of a file,
/// before all others, and lie where the section was written.
enum MachineContainers {
    /// - Parameter roots: the files, variables expanded and containers merged.
    /// - Returns: a document with `onboot` and `services`; nil when no section needs one.
    static func document(for roots: [Node]) -> Node? {
        var onboot: [Node] = []
        var services: [Node] = []
        let names = Set(roots.flatMap(containerNames))
        let links = dynamicLinks(roots)
        if let location = links.first?.location, !names.contains("dhcpcd") {
            let interfaces = links.map(\.value)
            let command = ["/sbin/dhcpcd", "--nobackground", "-f", "/dhcpcd.conf"]
            onboot.append(container("dhcpcd", command: command + ["-1"] + interfaces, at: location))
            // A lease has an end: the address is kept only by asking again.
            services.append(container("dhcpcd", command: command + interfaces, at: location))
        }
        if let time = roots.compactMap({ $0["time"] }).last, case .sequence(let items) = time.content,
            !names.contains("chrony")
        {
            let servers = items.compactMap { item -> String? in
                guard case .scalar(let scalar) = item.content else { return nil }
                return "server \(scalar.text) iburst"
            }
            if !servers.isEmpty {
                services.append(container("chrony", command: clock + servers, at: time.location))
            }
        }
        guard let location = (onboot + services).first?.location else { return nil }
        let sections = [("onboot", onboot), ("services", services)].filter { !$0.1.isEmpty }
        return Node(
            content: .mapping(
                sections.map { name, items in
                    Node.Pair(
                        key: Located(name, at: location),
                        value: Node(content: .sequence(items), location: location))
                }), location: location)
    }

    /// chronyd takes its configuration as arguments: the clock is set at once when it is wrong, and kept from then on.
    private static let clock = [
        "/usr/sbin/chronyd", "-d", "-u", "root", "driftfile /var/lib/chrony/drift", "makestep 1.0 3", "rtcsync",
        "cmdport 0",
    ]

    private static func container(
        _ name: String, command: [String], at location: SourceLocation
    ) -> Node {
        func text(_ text: String) -> Node { Node(content: .scalar(Scalar(text)), location: location) }
        func list(_ texts: [String]) -> Node { Node(content: .sequence(texts.map(text)), location: location) }
        let members = [("name", text(name)), ("image", text("@moby:\(name)")), ("command", list(command))]
        return Node(
            content: .mapping(members.map { Node.Pair(key: Located($0, at: location), value: $1) }), location: location)
    }

    private static func containerNames(_ root: Node) -> [String] {
        Spec.Section.allCases.flatMap { section -> [String] in
            guard case .sequence(let items)? = root[section.rawValue]?.content else { return [] }
            return items.compactMap { $0.scalar("name")?.text }
        }
    }

    /// Interfaces that want DHCP; of several files, the last one decides about each.
    private static func dynamicLinks(_ roots: [Node]) -> [Located<String>] {
        var links: [(name: Located<String>, isDynamic: Bool)] = []
        for root in roots {
            guard case .mapping(let pairs)? = root["network"]?.content else { continue }
            for pair in pairs where pair.key.value != "hostname" && pair.key.value != "ipv6" {
                links.removeAll { $0.name.value == pair.key.value }
                links.append((pair.key, isDynamic(pair.value)))
            }
        }
        return links.filter(\.isDynamic).map(\.name)
    }

    private static func isDynamic(_ node: Node) -> Bool {
        if case .scalar(let scalar) = node.content { return scalar.text == "dhcp" }
        guard let value = node["dhcp"] else { return false }
        var reading = Reading()
        return Codec<Bool>.bool.read(value, &reading) == true
    }
}
