extension Codec where Value == MountSpec {
    /// A mount in the root namespace, where a relative destination is below the container's root.
    static var rootMount: Codec { object(.mount) { _ in MountSpec() } }

    /// A mount in the container: what is missing must follow from the rest.
    static var mount: Codec {
        object(.mount) { _ in
            MountSpec()
        } finish: { mount, node, reading in
            var mount = mount
            if let destination = mount.destination, let (whole, reason) = GuestPath.mended(destination: destination) {
                reading.warn(
                    at: node["destination"]?.location ?? node.location, "\(reading.subject) \(reason.message)",
                    hint: reason.hint)
                mount.destination = whole
            }
            // What is written and could not be read has its fault already.
            let fault = fault(mount, hasType: node["type"] != nil, hasDestination: node["destination"] != nil)
            if let fault { reading.fault(at: node.location, "\(reading.subject) \(fault.message)", hint: fault.hint) }
            return mount
        } from: {
            $0
        }
    }

    private static func fault(_ mount: MountSpec, hasType: Bool, hasDestination: Bool) -> SyntaxFault? {
        let known = ["proc", "devpts", "sysfs", "cgroup", "mqueue"]
        let isBind = mount.options?.contains { $0 == "bind" || $0 == "rbind" } ?? false
        if !hasType, !isBind, !known.contains(mount.source ?? ""), mount.destination != "/dev" {
            return SyntaxFault("has no 'type'", hint: "for example type: bind, with options: [rbind, ro]")
        }
        if !hasDestination, !known.contains(mount.type ?? mount.source ?? "") {
            return SyntaxFault("has no 'destination'", hint: "add destination: /path")
        }
        return nil
    }
}

extension KeyTable where Owner == MountSpec {
    static let mount = KeyTable(
        "mount", "A mount (mount(8)).",
        [
            Key(
                "destination", \.destination, .string, "Where it is mounted.", example: "/data",
                alias: ["target", "dst"]),
            Key("type", \.type, .string, "Type of the file system, or `bind`.", example: "tmpfs"),
            Key(
                "source", \.source, .string, "What is mounted: a path, a device, or the name of a volume for `bind`.",
                example: "/var/data",
                alias: ["src"]),
            Key("options", \.options, .strings, "Mount options.", example: "[rbind, ro]"),
            Key(
                "uidmappings", \.uidMappings, .list(.idMapping), "User ids of an id-mapped mount.",
                example: "[{hostID: 1000, containerID: 0, size: 1}]"),
            Key(
                "gidmappings", \.gidMappings, .list(.idMapping), "Group ids of an id-mapped mount.",
                example: "[{hostID: 1000, containerID: 0, size: 1}]"),
        ])
}
