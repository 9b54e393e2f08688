internal import Extents
internal import JSON
internal import MobySpec

extension RuntimeConfigBuilder {
    /// Paths that runc hides and write-protects unless a container says otherwise (the ones `runc spec` writes).
    private static let maskedPaths = [
        "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug", "/sys/firmware", "/proc/scsi",
    ]
    private static let readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

    /// `linux` (config-linux.md).
    mutating func linux(_ capabilities: (effective: [WithOrigin<String>], ambient: [WithOrigin<String>]))
        -> JSONWithOrigins
    {
        // A container that may mount could undo these at will, and those that set sysctls or mount disks are made for
        // it.
        let protects = !(capabilities.effective + capabilities.ambient).contains { $0.value == "CAP_SYS_ADMIN" }
        let devices = merge.choose("devices") { $0.devices }
        let standardPath = WithOrigin(
            value: "/\(input.placement.section.rawValue)/\(input.placement.identifier)",
            origin: .derived("section and name"))
        let members: [(key: String, value: JSONWithOrigins?)] = [
            ("uidMappings", mappings(userMappings)), ("gidMappings", mappings(groupMappings)),
            ("sysctl", sysctl()),
            ("resources", RuntimeResources.traced(merge.choose("resources") { $0.resources }, devices: devices)),
            ("cgroupsPath", .string(merge.choose("cgroupsPath") { $0.cgroupsPath } ?? standardPath)),
            ("namespaces", .array(Namespaces.list(merge))),
            ("devices", deviceNodes(devices)),
            ("seccomp", seccomp(Set((capabilities.effective + capabilities.ambient).map(\.value)))),
            ("rootfsPropagation", .string(merge.chooseText("rootfsPropagation") { $0.rootfsPropagation })),
            ("maskedPaths", paths("maskedPaths", standard: protects ? Self.maskedPaths : []) { $0.maskedPaths }),
            (
                "readonlyPaths",
                paths("readonlyPaths", standard: protects ? Self.readonlyPaths : []) { $0.readonlyPaths }
            ),
        ]
        return .object(present: members) ?? .object([])
    }

    private func mappings(_ choice: WithOrigin<[IDMapping]>?) -> JSONWithOrigins? {
        guard let choice, !choice.value.isEmpty else { return nil }
        return .value(IDMapping.json(choice.value), choice.origin)
    }

    private func paths(_ key: String, standard: [String], _ field: (ContainerOptions) -> [String]?) -> JSONWithOrigins?
    {
        .strings(merge.choose(key, field) ?? WithOrigin(value: standard, origin: .standard))
    }

    private func deviceNodes(_ devices: WithOrigin<[DeviceNode]>?) -> JSONWithOrigins? {
        let nodes = (devices?.value ?? []).compactMap { device -> JSONWithOrigins? in
            guard let devices, device.path != "all", let mode = device.mode else { return nil }
            let members: [JSONValue.Member] = [
                ("path", .string(device.path)), ("type", .string(device.kind.rawValue)),
                ("major", .integer(device.major)), ("minor", .integer(device.minor)), ("fileMode", .integer(mode)),
            ]
            return .value(.object(members), devices.origin)
        }
        return nodes.isEmpty ? nil : .array(nodes)
    }
}

extension RuntimeConfigBuilder {
    /// Kernel settings that belong to a namespace for messages between processes (runc, libcontainer/configs/validate,
    /// `sysctl`).
    private static let messageSettings: Set = [
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
    ]

    /// `linux.sysctl`: runc takes only what belongs to a namespace that the container does not share with the root.
    mutating func sysctl() -> JSONWithOrigins? {
        let settings = merge.choose("sysctl") { $0.sysctl }
        for key in (settings?.value ?? [:]).keys.sorted() {
            guard let settings, let problem = sysctlProblem(Self.dotted(key)) else { continue }
            let message = "sysctl '\(PlainText.short(key))' of '\(container.name)' \(problem.reason)"
            diagnostics.append(Diagnostic(at: location(of: settings.origin), message, hint: problem.hint))
        }
        return .map(settings)
    }

    private func sysctlProblem(_ key: String) -> (reason: String, hint: String)? {
        if Self.messageSettings.contains(key) || key.hasPrefix("fs.mqueue.") {
            return isShared("ipc", \.ipc)
                ? ("needs an ipc namespace of its own; runc refuses it otherwise", "add ipc: new") : nil
        }
        if key.hasPrefix("net.") {
            return isShared("net", \.net)
                ? (
                    "needs a network namespace of its own; runc refuses it otherwise",
                    "add net: new, or set it for the whole machine with the image pkg/sysctl"
                ) : nil
        }
        if key == "kernel.domainname" {
            return isShared("uts", \.uts)
                ? ("needs a uts namespace of its own; runc refuses it otherwise", "add uts: new") : nil
        }
        if key == "kernel.hostname" {
            return ("is refused by runc, which has the key 'hostname' for it", "write hostname: and uts: new")
        }
        return (
            "cannot be set for one container: it is a setting of the whole machine, and runc refuses it",
            "set it with the image pkg/sysctl in onboot"
        )
    }

    /// With dots between its parts: where the first separator is `/`, dots and slashes have changed places
    /// (sysctl.d(5)).
    private static func dotted(_ key: String) -> String {
        guard key.first(where: { $0 == "." || $0 == "/" }) == "/" else { return key }
        return String(key.map { $0 == "/" ? "." : $0 == "." ? "/" : $0 })
    }

    func isShared(_ key: String, _ field: @escaping (ContainerOptions) -> Namespace?) -> Bool {
        Namespaces.isShared(merge.chooseNamespace(key, field))
    }
}

/// `linux.namespaces`: shared with the root unless new ones are asked for, except pid and mount.
enum Namespaces {
    static func list(_ merge: OptionMerge) -> [JSONWithOrigins] {
        let kinds: [(kind: String, choice: WithOrigin<Namespace>?, isNew: Bool)] = [
            ("network", merge.chooseNamespace("net") { $0.net }, false),
            ("ipc", merge.chooseNamespace("ipc") { $0.ipc }, false),
            ("uts", merge.chooseNamespace("uts") { $0.uts }, false),
            ("pid", merge.chooseNamespace("pid") { $0.pid }, true),
            ("user", merge.chooseNamespace("userns") { $0.userns }, false),
        ]
        var list = kinds.compactMap { entry($0.kind, $0.choice, isNew: $0.isNew) }
        list.append(.value(.object([("type", .string("mount"))]), .standard))
        return list
    }

    private static func entry(_ kind: String, _ choice: WithOrigin<Namespace>?, isNew: Bool) -> JSONWithOrigins? {
        guard let choice else { return isNew ? .value(.object([("type", .string(kind))]), .standard) : nil }
        switch choice.value {
        case .unspecified, .host, .root: return nil
        case .new, .none: return .value(.object([("type", .string(kind))]), choice.origin)
        case .path(let path): return .value(.object([("type", .string(kind)), ("path", .string(path))]), choice.origin)
        }
    }

    /// Whether a namespace is shared with the root.
    static func isShared(_ choice: WithOrigin<Namespace>?) -> Bool {
        choice.map { $0.value == .host || $0.value == .root } ?? true
    }
}

/// `linux.resources`: the section as written, in the runtime specification's names and order, and an allow rule for
/// each device.
enum RuntimeResources {
    private static let order = [
        "devices", "memory", "cpu", "pids", "blockIO", "hugepageLimits", "network", "rdma", "unified",
    ]

    static func traced(_ resources: WithOrigin<JSONValue>?, devices: WithOrigin<[DeviceNode]>?) -> JSONWithOrigins? {
        var members: [String: JSONValue] = [:]
        if case .object(let written)? = resources?.value {
            for (key, value) in written { members[key == "blockio" ? "blockIO" : key] = value }
        }
        let origin = resources?.origin ?? .standard
        var rules: [JSONWithOrigins] = []
        if case .array(let written)? = members["devices"] { rules = written.map { .value($0, origin) } }
        rules += (devices?.value ?? []).map { .value(rule($0), devices?.origin ?? .standard) }
        return .object(
            present: order.map { key in
                if key == "devices" { return (key, rules.isEmpty ? nil : .array(rules)) }
                if key == "pids", members[key] == nil { return (key, .value(standardPids, .standard)) }
                return (key, members[key].map { .value($0, origin) })
            })
    }

    /// How many processes and threads a container may have that says nothing about it: enough for large servers, and
    /// few enough that a fork bomb leaves the machine usable.
    private static let standardPids = JSONValue.object([("limit", .integer(4096))])

    private static func rule(_ device: DeviceNode) -> JSONValue {
        var members: [(key: String, value: JSONValue)] = [
            ("allow", .bool(true)), ("type", .string(device.kind.rawValue)),
        ]
        if device.path != "all" { members += [("major", .integer(device.major)), ("minor", .integer(device.minor))] }
        return .object(members + [("access", .string("rwm"))])
    }
}
