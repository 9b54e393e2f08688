internal import Archive
internal import BootLayout
internal import Extents
internal import JSON
internal import MobySpec

/// What containers need of the kernel and of each other: without it, they fail in the guest.
struct FeatureCheck {
    /// A kind of interface that a spec wants.
    private struct Need {
        var kind: String
        /// Who wants it, for messages.
        var subject: String
        var location: SourceLocation?
    }

    /// The module of each kind of interface (`MODULE_ALIAS_RTNL_LINK` in the kernel's sources). Kinds that are not here
    /// are up to the kernel.
    private static let modules = [
        "bareudp": "bareudp", "batadv": "batman_adv", "bond": "bonding", "bridge": "bridge", "dummy": "dummy",
        "geneve": "geneve", "gre": "ip_gre", "gretap": "ip_gre", "ifb": "ifb", "ip6gre": "ip6_gre",
        "ip6tnl": "ip6_tunnel", "ipip": "ipip", "ipvlan": "ipvlan", "ipvtap": "ipvtap", "macsec": "macsec",
        "macvlan": "macvlan", "macvtap": "macvtap", "nlmon": "nlmon", "sit": "sit", "team": "team", "vcan": "vcan",
        "veth": "veth", "vlan": "8021q", "vrf": "vrf", "vti": "ip_vti", "vxcan": "vxcan", "vxlan": "vxlan",
        "wireguard": "wireguard",
    ]

    private let needs: [Need]

    init(_ spec: Spec, _ containers: [Explanation]) {
        var needs: [Need] = []
        for explanation in containers {
            let (record, container) = (explanation.config.record, explanation.container)
            for interface in record.interfaces {
                let kind = interface.add.isEmpty && !interface.peer.isEmpty ? "veth" : interface.add
                needs.append(
                    Need(
                        kind: kind,
                        subject: "the interface '\(PlainText.short(interface.name))' of '\(container.name)'",
                        location: container.options.locations["runtime.interfaces"] ?? container.location))
            }
        }
        for link in spec.network?.links ?? [] where link.vlan != nil || link.bond != nil {
            needs.append(
                Need(
                    kind: link.vlan != nil ? "vlan" : "bond", subject: "the interface '\(link.name)'",
                    location: link.location))
        }
        self.needs = needs
    }

    /// AppArmor profiles that nothing loads: only a container that has the kernel's folder of security modules can.
    static func profiles(_ containers: [Explanation]) -> [Diagnostic] {
        let loads = containers.contains { explanation in
            explanation.placement.section == .onboot
                && explanation.config.config.json["mounts"]?.array?.contains {
                    "/sys/kernel/security".hasPrefix($0["destination"]?.string ?? "-")
                        && $0["type"]?.string == "bind"
                } == true
        }
        guard !loads else { return [] }
        return containers.compactMap { explanation in
            let container = explanation.container
            let profile = explanation.config.config.json["process"]?["apparmorProfile"]?.string ?? "unconfined"
            guard profile != "unconfined" else { return nil }
            return Diagnostic(
                .warning, at: container.options.locations["apparmor"] ?? container.location,
                "'\(container.name)' has the AppArmor profile '\(PlainText.short(profile))', but no container of onboot loads profiles",
                hint: "add onboot: [{name: apparmor, image: \"@moby:apparmor\"}]")
        }
    }

    /// - Parameters:
    ///   - root: with the modules that the guest has.
    ///   - kernel: nil when there is none, or when its modules are not known.
    func found(in root: RootState, _ kernel: KernelImage?) throws -> [Diagnostic] {
        let wanted = needs.compactMap { need in Self.modules[need.kind].map { (need, module: $0) } }
        guard !wanted.isEmpty, let kernel, kernel.facts.hasModules else { return [] }
        let present = Set(root.items.keys.compactMap(Self.module))
        let missing = wanted.filter { !present.contains($0.module) }
        guard !missing.isEmpty, let tree = ModulesTree(kernel, root: root) else { return [] }
        let all = try KernelModules(tree.whole())
        return missing.filter { !all.builtin.contains($0.module) }.map { need, module in
            let hint =
                all[module] != nil
                ? "add kernel: {modules.add: [\(module)]}" : "use a kernel image that has it, such as @moby:kernel-all"
            return Diagnostic(
                at: need.location,
                "\(need.subject) is of kind '\(need.kind)', but this kernel has no module '\(module)'", hint: hint)
        }
    }

    /// The name of a module's file.
    private static func module(_ path: TreePath) -> String? {
        let file = String(decoding: path.name, as: UTF8.self)
        return file.contains(".ko") ? KernelModule.name(ofFile: file) : nil
    }
}
