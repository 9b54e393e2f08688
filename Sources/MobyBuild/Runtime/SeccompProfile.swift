internal import JSON

/// A list of system calls that a container may make, in the form of Docker and containerd: that of the runtime
/// specification (config-linux.md, Seccomp), in which rules may also depend on the architecture and on capabilities.
struct SeccompProfile: Sendable {
    private let members: [JSONValue.Member]
    private let rules: [JSONValue]

    /// The actions of the runtime specification.
    private static let actions = Set(
        ["KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP", "ERRNO", "TRACE", "ALLOW", "LOG", "NOTIFY"].map {
            "SCMP_ACT_\($0)"
        })

    /// - Throws: for text that is not JSON, or that runc would refuse.
    init(parsing text: [UInt8]) throws(JSONError) {
        let json = try JSONValue(parsing: text)
        guard let members = json.members else { throw JSONError("the profile is \(json.kind), not an object") }
        guard let action = json["defaultAction"]?.string, Self.actions.contains(action) else {
            throw JSONError("'defaultAction' is not an action such as \"SCMP_ACT_ERRNO\"")
        }
        guard let rules = (json["syscalls"] ?? .array([])).array else { throw JSONError("'syscalls' is not a list") }
        for (index, rule) in rules.enumerated() {
            guard rule.members != nil, !Self.names(of: rule).isEmpty else {
                throw JSONError("'syscalls[\(index)]' has no 'names'")
            }
            guard let action = rule["action"]?.string, Self.actions.contains(action) else {
                throw JSONError("'syscalls[\(index)]' has no 'action' such as \"SCMP_ACT_ALLOW\"")
            }
        }
        self.members = members
        self.rules = rules
    }

    /// `linux.seccomp` for a container.
    /// - Parameters:
    ///   - architecture: as images name it: `amd64`.
    ///   - capabilities: the bounding set.
    func resolved(architecture: String, capabilities: Set<String>) -> JSONValue {
        let kept = ["defaultAction", "defaultErrnoRet", "flags", "listenerPath", "listenerMetadata"]
        var result = kept.compactMap { key in members.last { $0.key == key && $0.value != .null } }
        let names = architectures(architecture)
        if !names.isEmpty { result.append(("architectures", .strings(names))) }
        let applying = rules.filter { Self.applies($0, architecture, capabilities) }
        result.append(("syscalls", .array(applying.map(Self.plain))))
        return .object(result)
    }

    /// libseccomp's names of the architectures whose calls are filtered: a processor runs programs of several.
    private func architectures(_ architecture: String) -> [String] {
        if let own = members.last(where: { $0.key == "architectures" })?.value.array { return own.compactMap(\.string) }
        let name = ["amd64": "SCMP_ARCH_X86_64", "arm64": "SCMP_ARCH_AARCH64"][architecture]
        let map = members.last { $0.key == "archMap" }?.value.array ?? []
        guard let name, let entry = map.first(where: { $0["architecture"]?.string == name }) else { return [] }
        return [name] + (entry["subArchitectures"]?.array ?? []).compactMap(\.string)
    }

    /// Docker's conditions. A kernel of 4.8 or later is taken for granted.
    private static func applies(_ rule: JSONValue, _ architecture: String, _ capabilities: Set<String>) -> Bool {
        func list(_ key: String, _ part: String) -> [String] { (rule[key]?[part]?.array ?? []).compactMap(\.string) }
        let wanted = list("includes", "arches")
        return !list("excludes", "arches").contains(architecture)
            && capabilities.isDisjoint(with: list("excludes", "caps"))
            && (wanted.isEmpty || wanted.contains(architecture))
            && capabilities.isSuperset(of: list("includes", "caps"))
    }

    /// The rule without its conditions.
    private static func plain(_ rule: JSONValue) -> JSONValue {
        let kept = ["action", "errnoRet", "args"].compactMap { key in rule[key].map { (key: key, value: $0) } }
        return .object([("names", .strings(names(of: rule)))] + kept.filter { $0.value != .null })
    }

    private static func names(of rule: JSONValue) -> [String] {
        (rule["names"]?.array ?? []).compactMap(\.string) + [rule["name"]?.string].compactMap(\.self)
    }
}
