internal import MobySpec

/// `linux.resources`: the section as written, in the runtime specification's names and order, and an allow rule for
/// each device.
enum RuntimeResources {
    private static let order = [
        "devices", "memory", "cpu", "pids", "blockIO", "hugepageLimits", "network", "rdma", "unified",
    ]

    static func traced(_ resources: Choice<JSONValue>?, devices: Choice<[DeviceSpec]>?) -> Traced? {
        var members: [String: JSONValue] = [:]
        if case .object(let written)? = resources?.value {
            for (key, value) in written { members[key == "blockio" ? "blockIO" : key] = value }
        }
        let origin = resources?.origin ?? .standard
        var rules: [Traced] = []
        if case .array(let written)? = members["devices"] { rules = written.map { .value($0, origin) } }
        rules += (devices?.value ?? []).map { .value(rule($0), devices?.origin ?? .standard) }
        if case .array(let limits)? = members["hugepageLimits"] {
            members["hugepageLimits"] = .array(limits.map(hugepageLimit))
        }
        return .object(
            present: order.map { key in
                if key == "devices" { return (key, rules.isEmpty ? nil : .array(rules)) }
                return (key, members[key].map { .value($0, origin) })
            })
    }

    private static func rule(_ device: DeviceSpec) -> JSONValue {
        var members: [(key: String, value: JSONValue)] = [("allow", .bool(true)), ("type", .string(device.type))]
        if device.path != "all" { members += [("major", .integer(device.major)), ("minor", .integer(device.minor))] }
        return .object(members + [("access", .string("rwm"))])
    }

    /// The schema has the page size as a number of bytes, the runtime specification as text such as `2MB`.
    private static func hugepageLimit(_ limit: JSONValue) -> JSONValue {
        guard case .object(let members) = limit else { return limit }
        return .object(
            members.map { member in
                guard member.key == "pageSize", case .integer(var size) = member.value else { return member }
                var units = ["KB", "MB", "GB"][...]
                var unit = "B"
                while size >= 1024, size % 1024 == 0, let next = units.popFirst() { (size, unit) = (size / 1024, next) }
                return ("pageSize", .string("\(size)\(unit)"))
            })
    }
}
