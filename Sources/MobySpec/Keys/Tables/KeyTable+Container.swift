internal import BootLayout
internal import Extents

extension Codec where Value == ContainerSpec {
    /// - Parameters:
    ///   - noun: what messages call it: `service`, `onboot`.
    ///   - absent: keys that this kind of container does not have; ``SpecCheck`` finds them in a file.
    static func container(_ noun: String, without absent: [String]) -> Codec {
        let all = container(noun)
        let forbidden = absent.map { "\"\($0)\": false" }.joined(separator: ", ")
        let extends = #""if": {"properties": {"merge": {"const": "extend"}}, "required": ["merge"]}"#
        let rule = #"{"properties": {\#(forbidden)}, \#(extends), "else": {"required": ["image"]}}"#
        return all.shaped(.restricted(all.shape, schema: rule))
    }

    private static func container(_ noun: String) -> Codec {
        object(.container, noun: noun) {
            ContainerSpec(name: "", image: Located("", at: $0), location: $0)
        } finish: { container, node, reading in
            var container = container
            // With `merge: extend` an entry has none of its own, but that is merged before this reads it.
            guard node["image"] != nil else {
                let hint = "add image: \"nginx:1.27\""
                reading.error(at: node.location, "\(reading.subject) has no 'image'", hint: hint)
                return nil
            }
            container.options.locations = KeyLocations(node).locations
            return container
        }
    }
}

extension KeyTable where Owner == ContainerSpec {
    /// Name, image, and all that a label may have too.
    static let container = KeyTable(
        "container",
        """
        An entry of `onboot`, `onshutdown` or `services`. The image's label `org.mobyproject.config` may have all keys but `name` and `image`,
        as JSON; what the file says, even an empty list, replaces what the label says. A default holds when neither has the key.
        """,
        [
            Key(
                "name", \.name, .containerName, absent: nil, "Name of the container.", example: "nginx", since: .always),
            Key(
                "image", \.image, Codec<String>.image.located, absent: { _ in false },
                "Image of the container. Required, but not with `merge: extend`.", example: "\"nginx:1.27\"",
                since: .always),
            Key(
                "merge", shape: Codec<ContainerMerge.Kind>.choice.shape,
                "Changes the container of this name in an earlier file: `replace` takes its place; `extend` joins lists and mappings, and replaces other values, `command`, and variables of `env`.",
                example: "replace", since: .moby
            ) { node, _, reading in
                _ = Codec<ContainerMerge.Kind>.choice.read(node, &reading)
            },
        ] + KeyTable<ContainerOptions>.options.keys.map { $0.lifted(\.options) })
}

extension KeyTable where Owner == ContainerOptions {
    /// What the label `org.mobyproject.config` may have.
    static let options = KeyTable(
        "options", "The label `org.mobyproject.config` of an image: a container's keys without `name` and `image`.",
        Key.process + Key.privileges + Key.fileSystem + Key.namespaces + Key.limits + Key.boot
            + Key.supervision)
}

extension Codec where Value == RuntimeSpec {
    static var runtime: Codec { object(.runtime) { _ in RuntimeSpec() } }
}

extension Codec where Value == InterfaceSpec {
    static var interface: Codec {
        let interface = object(.interface, noun: "interface") { _ in
            InterfaceSpec()
        } finish: { interface, node, reading in
            if node["name"] == nil {
                reading.error(at: node.location, "\(reading.subject) has no 'name'", hint: "add name: eth1")
            }
            return interface
        }
        return interface.shaped(.restricted(interface.shape, schema: #"{"required": ["name"]}"#))
    }
}

extension KeyTable where Owner == RuntimeSpec {
    static let runtime = KeyTable(
        "runtime", "Preparations in the guest around the container. Each key replaces the label's on its own.",
        [
            Key(
                "cgroups", \.cgroups, .strings, "Directories to create below the root of cgroups.",
                example: "[podruntime]"),
            Key(
                "mounts", \.mounts, .list(.rootMount), "Mounts in the root namespace, before the container starts.",
                example: "[{type: tmpfs, destination: /run/x}]"),
            Key(
                "mkdir", \.mkdir, .list(.madeDirectory),
                "Directories to create after the mounts; a relative path is in the container.",
                example: "[/var/lib/app]"),
            Key(
                "interfaces", \.interfaces, .list(.interface),
                "Network links to create for the container, or to move into it.",
                example: "[{name: eth1}]"),
            Key(
                "bindNS", \.bindNS, .object(.bindNS) { _ in [:] },
                "Files to bind the container's namespaces to.",
                example: "{net: /run/netns/app}"),
            Key(
                "namespace", \.namespace, .string, "Namespace of containerd; only LinuxKit's own init reads it.",
                example: "services.linuxkit"),
            Key(
                "noRestart", shape: .boolean, "The same as `restart: \"no\"` of the container.", example: "true",
                since: .formerLinuxkit
            ) {
                node, runtime, reading in
                runtime.noRestart = Codec<Bool>.bool.read(node, &reading)
            },
        ])
}

extension KeyTable where Owner == [String: String] {
    static let bindNS = KeyTable(
        "bindNS", "Paths to bind the new namespaces of a container to, by kind.",
        RuntimeRecord.namespaceKinds.map { kind in
            Key(
                kind, \.[kind], .string, "Path for the \(kind) namespace.", example: "/run/netns/app",
                alias: kind == "net" ? ["network"] : kind == "mnt" ? ["mount"] : [])
        })
}

extension KeyTable where Owner == InterfaceSpec {
    static let interface = KeyTable(
        "interface", "A network link.",
        [
            Key("name", \.name, .word, "Name of the link. Required.", example: "veth0"),
            Key(
                "add", \.add, .string,
                "Kind of link to create, such as `veth` or `dummy`, if the kernel has it; without it an existing link is moved.",
                example: "dummy"),
            Key(
                "peer", \.peer, .string, "Name of the other end of a `veth` pair, which stays outside.",
                example: "veth1"),
            Key("createInRoot", \.createInRoot, .bool, "Creates the link outside and moves it in.", example: "true"),
        ])
}

extension Codec where Value == MountSpec {
    /// A mount in the root namespace, where a relative destination is below the container's root.
    static var rootMount: Codec { object(.mount) { _ in MountSpec() } }

    /// A mount in the container: missing keys must follow from the others.
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
            // A key that could not be read has been reported already.
            func lacks(_ key: String, _ value: String?, _ implied: String?) -> Bool {
                implied == nil && (node[key] == nil || value != nil)
            }
            if lacks("type", mount.type, mount.impliedType) {
                let hint = "for example type: bind, with options: [rbind, ro]"
                reading.error(at: node.location, "\(reading.subject) has no 'type'", hint: hint)
            } else if lacks("destination", mount.destination, mount.impliedDestination) {
                reading.error(
                    at: node.location, "\(reading.subject) has no 'destination'", hint: "add destination: /path")
            }
            return mount
        }
    }
}

extension KeyTable where Owner == MountSpec {
    static let mount = KeyTable(
        "mount", "A mount (mount(8)).",
        [
            Key(
                "destination", \.destination, .string, "Mount point.", example: "/data",
                alias: ["target", "dst"]),
            Key("type", \.type, .string, "Type of the file system, or `bind`.", example: "tmpfs"),
            Key(
                "source", \.source, .string, "What to mount: a path, a device, or the name of a volume for `bind`.",
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

extension Codec where Value == DeviceNode {
    static var device: Codec {
        let device = object(.device) { _ in
            DeviceNode(path: "", kind: .character)
        } finish: { device, node, reading in
            guard device.path != "all" else { return device }
            if !device.path.hasPrefix("/") {
                let found = "has the path '\(PlainText.short(device.path))'"
                reading.error(at: node.location, "\(reading.subject) \(found), expected an absolute path or 'all'")
            }
            if node["mode"] == nil {
                reading.error(
                    at: node.location, "\(reading.subject) has no 'mode'", hint: "add mode: \"0660\", with quotes")
            }
            return device
        }
        let rule =
            #"{"if": {"properties": {"path": {"const": "all"}}}, "else": {"required": ["mode"], "properties": {"path": {"pattern": "^/"}}}}"#
        return device.shaped(.restricted(device.shape, schema: rule))
    }
}

extension KeyTable where Owner == DeviceNode {
    static let device = KeyTable(
        "device",
        "A device node that the container gets and may use. `path: all` allows a whole type without creating nodes.",
        [
            Key("path", \.path, .word, absent: nil, "Path in the container, or `all`.", example: "/dev/console"),
            Key(
                "type", \.kind, .choice, absent: nil,
                "`c` character device, `b` block device, `a` all, `u`, `p`.",
                example: "c"),
            Key(
                "major", \.major, .integer(-1...Int64(UInt32.max)), absent: { $0 == 0 }, "Major number.", example: "5",
                default: "0"),
            Key(
                "minor", \.minor, .integer(-1...Int64(UInt32.max)), absent: { $0 == 0 }, "Minor number.", example: "1",
                default: "0"),
            Key(
                "mode", \.mode, Codec<UInt32>.mode,
                "Permission bits, octal, in quotes. Required unless `path` is `all`.",
                example: "\"0666\""),
        ])
}

extension Codec where Value == IDMapping {
    static var idMapping: Codec { object(.idMapping) { _ in IDMapping(hostID: 0, containerID: 0, size: 0) } }
}

extension KeyTable where Owner == IDMapping {
    static let idMapping = KeyTable(
        "idmapping", "A range of ids of a user namespace (user_namespaces(7)).",
        [
            Key("hostID", \.hostID, .uint32, absent: nil, "First ID on the host.", example: "1000"),
            Key("containerID", \.containerID, .uint32, absent: nil, "First id in the container.", example: "0"),
            Key("size", \.size, .uint32, absent: nil, "How many ids.", example: "65536"),
        ])
}
