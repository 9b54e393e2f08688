internal import Extents
internal import JSON

/// `resources` goes to `linux.resources` of the OCI runtime configuration (config-linux.md, Control groups), under that
/// specification's names.
extension Codec where Value == JSONValue {
    static var resources: Codec { jsonObject(.resources) }

    static func jsonObject(_ table: KeyTable<JSONValue>) -> Codec { object(table) { _ in .object([]) } }

    /// Items of a list as JSON.
    static func jsonList(_ item: Codec<JSONValue>) -> Codec {
        Codec<[JSONValue]>.list(item).map(from: { $0.array ?? [] }) { .array($0) }
    }
}

extension Key where Owner == JSONValue {
    /// - Parameter name: as in YAML; `oci` where the runtime specification spells it otherwise.
    fileprivate init(
        _ name: String, oci: String? = nil, _ codec: Codec<JSONValue>, _ doc: String, example: String,
        since: Since = .linuxkit
    ) {
        let member = oci ?? name
        self.init(name, \.[member], codec, doc, example: example, since: since)
    }
}

private let number = Codec<Int64>.integer().json
private let bytes = Codec<Int64>.bytes().json
private let byteCount = Codec<Int64>.bytes(0...Int64.max).json
private let size = Codec<Int64>.integer(0...Int64.max).json

extension KeyTable where Owner == JSONValue {
    static let resources = KeyTable(
        "resources", "Limits of the container's cgroup. If given, it replaces the label's resources entirely.",
        [
            Key(
                "devices", .jsonList(.jsonObject(.deviceRule)), "Which devices may be used.",
                example: "[{allow: false, access: rwm}]"),
            Key("memory", .jsonObject(.memory), "Memory.", example: "{limit: 104857600}"),
            Key("cpu", .jsonObject(.cpu), "Processor time.", example: "{shares: 512}"),
            Key("pids", .jsonObject(.pids), "Processes.", example: "{limit: 100}"),
            Key("blockio", oci: "blockIO", .jsonObject(.blockIO), "Disks.", example: "{weight: 100}"),
            Key(
                "hugepageLimits", .jsonList(.jsonObject(.hugepageLimit)), "Huge pages.",
                example: "[{pageSize: 2MB, limit: 209715200}]"),
            Key(
                "network", .jsonObject(.network), "Marks and priorities of packets. Only cgroup v1 has them.",
                example: "{classID: 1048577}"),
            Key(
                "unified", Codec<[String: String]>.map(.string).json,
                "Files of cgroup v2 and the values written to them.",
                example: "{memory.high: \"1073741824\"}", since: .moby),
        ])

    static let deviceRule = KeyTable(
        "resources.devices", "A rule of the device cgroup; the last matching rule wins.",
        [
            Key("allow", Codec<Bool>.bool.json, "Allows or forbids.", example: "true"),
            Key("type", Codec<String>.choice(["a", "b", "c"]).json, "All, block or character devices.", example: "c"),
            Key("major", number, "Major number; without it, all.", example: "10"),
            Key("minor", number, "Minor number; without it, all.", example: "229"),
            Key("access", Codec<String>.string.json, "Of `r` read, `w` write, `m` make a node.", example: "rwm"),
        ])

    static let memory = KeyTable(
        "resources.memory", "Memory, in bytes.",
        [
            Key("limit", bytes, "Limit in bytes; -1 means unlimited.", example: "104857600"),
            Key("reservation", bytes, "Soft limit.", example: "52428800"),
            Key("swap", bytes, "Limit in bytes on memory and swap combined.", example: "209715200"),
            Key("kernel", bytes, "Most bytes of kernel memory. Only cgroup v1 has it.", example: "-1"),
            Key("kernelTCP", bytes, "Most bytes of TCP buffers. Only cgroup v1 has it.", example: "-1"),
            Key(
                "swappiness", Codec<Int64>.integer(0...100).json,
                "How readily the kernel swaps. Only cgroup v1 has it.", example: "0"),
            Key(
                "disableOOMKiller", Codec<Bool>.bool.json,
                "Lets processes wait for memory instead of being killed. Only cgroup v1 has it.",
                example: "true"),
        ])

    static let cpu = KeyTable(
        "resources.cpu", "Processor time.",
        [
            Key("shares", size, "Weight against other cgroups.", example: "512"),
            Key("quota", number, "Microseconds of processor time in each period.", example: "50000"),
            Key("period", size, "Length of a period, microseconds.", example: "100000"),
            Key(
                "realtimeRuntime", number,
                "Microseconds of real-time scheduling in each period. Only cgroup v1 has it.", example: "950000"),
            Key(
                "realtimePeriod", size, "Length of a real-time period, microseconds. Only cgroup v1 has it.",
                example: "1000000"),
            Key("cpus", Codec<String>.string.json, "Processors that may be used.", example: "\"0-3\""),
            Key("mems", Codec<String>.string.json, "Memory nodes that may be used.", example: "\"0\""),
        ])

    static let pids = KeyTable(
        "resources.pids", "Processes.",
        [Key("limit", number, "Maximum number of processes and threads.", example: "100")])

    static let blockIO = KeyTable(
        "resources.blockio", "Disks.",
        [
            Key("weight", Codec<Int64>.integer(0...1000).json, "Weight against other cgroups.", example: "500"),
            Key(
                "leafWeight", Codec<Int64>.integer(0...1000).json,
                "Weight against the cgroup's own children. Only cgroup v1 has it.",
                example: "500"),
            Key(
                "weightDevice", .jsonList(.jsonObject(.weightDevice)), "Weight on one disk.",
                example: "[{major: 8, minor: 0, weight: 500}]"
            ),
        ]
            + [
                ("throttleReadBpsDevice", "bytes read"), ("throttleWriteBpsDevice", "bytes written"),
                ("throttleReadIOPSDevice", "reads"), ("throttleWriteIOPSDevice", "writes"),
            ].map { name, what in
                Key(
                    name, .jsonList(.jsonObject(.throttleDevice)), "Most \(what) per second on one disk.",
                    example: "[{major: 8, minor: 0, rate: 600}]")
            })

    static let weightDevice = KeyTable(
        "resources.blockio.weightDevice", "Weight on one disk.",
        [
            Key("major", number, "Major number.", example: "8"),
            Key("minor", number, "Minor number.", example: "0"),
            Key("weight", Codec<Int64>.integer(0...1000).json, "Weight against other cgroups.", example: "500"),
            Key(
                "leafWeight", Codec<Int64>.integer(0...1000).json,
                "Weight against the cgroup's own children. Only cgroup v1 has it.",
                example: "500"),
        ])

    static let throttleDevice = KeyTable(
        "resources.blockio.throttleDevice", "A limit on one disk.",
        [
            Key("major", number, "Major number.", example: "8"),
            Key("minor", number, "Minor number.", example: "0"),
            Key("rate", byteCount, "Most bytes, or requests, per second.", example: "1048576"),
        ])

    static let hugepageLimit = KeyTable(
        "resources.hugepageLimits", "A limit on huge pages of one size.",
        [
            Key("pageSize", .pageSize, "Size of a page: bytes, or as the kernel names it.", example: "2MB"),
            Key("limit", byteCount, "Most bytes.", example: "209715200"),
        ])

    static let network = KeyTable(
        "resources.network", "Marks and priorities of packets. Only cgroup v1 has them.",
        [
            Key(
                "classID", Codec<Int64>.integer(0...Int64(UInt32.max)).json, "Class of packets sent.",
                example: "1048577"),
            Key(
                "priorities", .jsonList(.jsonObject(.priority)), "Priority by interface.",
                example: "[{name: eth0, priority: 500}]"),
        ])

    static let priority = KeyTable(
        "resources.network.priorities", "Priority of packets sent by one interface.",
        [
            Key("name", Codec<String>.string.json, "Interface.", example: "eth0"),
            Key("priority", Codec<Int64>.integer(0...Int64(UInt32.max)).json, "Priority.", example: "500"),
        ])
}

extension Codec where Value == JSONValue {
    /// LinuxKit's schema has a number of bytes, the runtime specification text such as `2MB`.
    fileprivate static var pageSize: Codec {
        let pattern = "^[1-9][0-9]*(B|KB|MB|GB)$"
        return Codec(.either(.integer(1...Int64.max), .string(pattern: pattern)), write: { $0 }) { node, reading in
            guard case .scalar(let scalar) = node.content else {
                reading.mismatch(node, expected: "a size such as 2MB")
                return nil
            }
            if case .integer(var size) = scalar.value, size > 0 {
                var units = ["KB", "MB", "GB"][...]
                var unit = "B"
                while size % 1024 == 0, let next = units.popFirst() { (size, unit) = (size / 1024, next) }
                return .string("\(size)\(unit)")
            }
            let digits = scalar.text.prefix(while: \.isASCIIDigit)
            if digits.first ?? "0" != "0", ["B", "KB", "MB", "GB"].contains(scalar.text.dropFirst(digits.count)) {
                return .string(scalar.text)
            }
            let unit = scalar.text.dropFirst(digits.count).uppercased()
            let known = [
                "B": "B", "K": "KB", "KIB": "KB", "M": "MB", "MIB": "MB", "MB": "MB", "KB": "KB", "G": "GB",
                "GIB": "GB", "GB": "GB",
            ][unit]
            let guess = digits.first ?? "0" == "0" ? nil : known.map { "write \(digits)\($0)" }
            reading.mismatch(node, expected: "a size such as 2MB", hint: guess)
            return nil
        }
    }
}
