extension Codec where Value == RuntimeSpec {
    static var runtime: Codec { object(.runtime) { _ in RuntimeSpec() } }
}

extension Codec where Value == InterfaceSpec {
    static var interface: Codec {
        let interface = object(.interface, noun: "interface") { _ in
            InterfaceSpec()
        } finish: { interface, node, reading in
            if node["name"] == nil {
                reading.fault(at: node.location, "\(reading.subject) has no 'name'", hint: "add name: eth1")
            }
            return interface
        } from: {
            $0
        }
        return interface.shaped(.restricted(interface.shape, schema: #"{"required": ["name"]}"#))
    }
}

extension KeyTable where Owner == RuntimeSpec {
    static let runtime = KeyTable(
        "runtime", "What is prepared in the guest around the container. Each key replaces the label's on its own.",
        [
            Key("cgroups", \.cgroups, .strings, "Directories made below the root of cgroups.", example: "[podruntime]"),
            Key(
                "mounts", \.mounts, .list(.rootMount), "Mounts in the root namespace, made before the container.",
                example: "[{type: tmpfs, destination: /run/x}]"),
            Key(
                "mkdir", \.mkdir, .list(.madeDirectory),
                "Directories made after the mounts; a relative one is in the container.",
                example: "[/var/lib/app]"),
            Key(
                "interfaces", \.interfaces, .list(.interface),
                "Network links made for the container, or moved into it.",
                example: "[{name: eth1}]"),
            Key(
                "bindNS", \.bindNS, .object(.bindNS) { _ in [:] },
                "Files that the container's namespaces are bound to.",
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
            } write: { _ in
                nil
            },
        ])
}

extension KeyTable where Owner == [String: String] {
    static let bindNS = KeyTable(
        "bindNS", "Paths that the new namespaces of a container are bound to, by kind.",
        ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"].map { kind in
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
                "Kind of link to make, such as `veth` or `dummy`, if the kernel has it; without it an existing link is moved.",
                example: "dummy"),
            Key(
                "peer", \.peer, .string, "Name of the other end of a `veth` pair, which stays outside.",
                example: "veth1"),
            Key("createInRoot", \.createInRoot, .bool, "Makes the link outside and moves it in.", example: "true"),
        ])
}
