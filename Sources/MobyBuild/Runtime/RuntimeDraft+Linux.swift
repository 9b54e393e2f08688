internal import Extents
internal import MobySpec

extension RuntimeDraft {
    /// Paths that runc hides and write-protects unless a container says otherwise (the ones `runc spec` writes).
    private static let maskedPaths = [
        "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug", "/sys/firmware", "/proc/scsi",
    ]
    private static let readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

    /// `linux` (config-linux.md).
    mutating func linux(_ capabilities: (effective: [Choice<String>], ambient: [Choice<String>])) -> Traced {
        // A container that may mount could undo these at will, and those that set sysctls or mount disks are made for
        // it.
        let protects = !(capabilities.effective + capabilities.ambient).contains { $0.value == "CAP_SYS_ADMIN" }
        let devices = merge.choose("devices") { $0.devices }
        checkUserNamespace()
        let standardPath = Choice(
            value: "/\(input.placement.stage.rawValue)/\(input.placement.identifier)",
            origin: .derived("section and name"))
        let members: [(key: String, value: Traced?)] = [
            ("uidMappings", mappings("uidMappings") { $0.uidMappings }),
            ("gidMappings", mappings("gidMappings") { $0.gidMappings }),
            ("sysctl", sysctl()),
            ("resources", RuntimeResources.traced(merge.choose("resources") { $0.resources }, devices: devices)),
            ("cgroupsPath", .string(merge.choose("cgroupsPath") { $0.cgroupsPath } ?? standardPath)),
            ("namespaces", .array(Namespaces.list(merge))),
            ("devices", deviceNodes(devices)),
            ("rootfsPropagation", .string(merge.chooseText("rootfsPropagation") { $0.rootfsPropagation })),
            ("maskedPaths", paths("maskedPaths", standard: protects ? Self.maskedPaths : []) { $0.maskedPaths }),
            (
                "readonlyPaths",
                paths("readonlyPaths", standard: protects ? Self.readonlyPaths : []) { $0.readonlyPaths }
            ),
        ]
        return .object(present: members) ?? .object([])
    }

    private func mappings(_ key: String, _ field: (ContainerOptions) -> [IDMapping]?) -> Traced? {
        guard let choice = merge.choose(key, field), !choice.value.isEmpty else { return nil }
        return .value(IDMapping.json(choice.value), choice.origin)
    }

    private func paths(_ key: String, standard: [String], _ field: (ContainerOptions) -> [String]?) -> Traced? {
        .strings(merge.choose(key, field) ?? Choice(value: standard, origin: .standard))
    }

    private mutating func deviceNodes(_ devices: Choice<[DeviceSpec]>?) -> Traced? {
        guard let devices else { return nil }
        var nodes: [Traced] = []
        for device in devices.value where device.path != "all" {
            guard let mode = device.mode else {
                faults.append(
                    Diagnostic(
                        at: place(devices.origin), "device '\(PlainText.short(device.path))' has no mode",
                        hint: "add mode: \"0660\" with quotes"))
                continue
            }
            nodes.append(
                .value(
                    .object([
                        ("path", .string(device.path)), ("type", .string(device.type)),
                        ("major", .integer(device.major)),
                        ("minor", .integer(device.minor)), ("fileMode", .integer(Int64(mode))),
                    ]), devices.origin))
        }
        return nodes.isEmpty ? nil : .array(nodes)
    }
}
