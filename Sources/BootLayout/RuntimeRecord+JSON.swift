extension RuntimeRecord {
    /// The kinds of namespace that `bindNS` may name, in the order of the file.
    public static let namespaceKinds = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]

    /// The record as a JSON value, every member present, always in the same order.
    public var jsonValue: JSON {
        .object([
            .init("cgroups", .strings(cgroups)),
            .init("mounts", .array(mounts.map(\.jsonValue))),
            .init("mkdir", .strings(mkdir)),
            .init("interfaces", .array(interfaces.map(\.jsonValue))),
            .init("bindNS", .object(Self.namespaceKinds.map { .init($0, .string(bindNS[$0] ?? "")) })),
            .init("namespace", .string(namespace)),
            .init("restart", .string(restart.rawValue)),
            .init("timeout", timeout.map { .number(String($0)) } ?? .null),
            .init("onFailure", .string(onFailure.rawValue)),
        ])
    }

    /// The text of `runtime.json`, with a newline at its end.
    public var text: String { jsonValue.text + "\n" }

    /// Reads `runtime.json`, ours or LinuxKit's: members that are missing or null have their defaults, unknown ones are
    /// passed over.
    public init(parsing bytes: [UInt8]) throws(JSONError) { try self.init(JSON(parsing: bytes)) }

    /// The record that `json` describes.
    public init(_ json: JSON) throws(JSONError) {
        let fields = JSONFields(try JSONFields.object(json, called: "the record"))
        cgroups = try fields.strings("cgroups")
        mkdir = try fields.strings("mkdir")
        mounts = try fields.objects("mounts", Mount.init(fields:))
        interfaces = try fields.objects("interfaces", Interface.init(fields:))
        namespace = try fields.string("namespace")
        timeout = fields["timeout"] == nil ? nil : try fields.integer("timeout")
        restart = try fields.choice("restart") ?? .onFailure
        onFailure = try fields.choice("onFailure") ?? .continue
        if let bindings = fields["bindNS"] {
            for member in try JSONFields.object(bindings, called: "'bindNS'") {
                guard let path = member.value.string else {
                    throw JSONError("'bindNS.\(member.name)' is \(member.value.kind), not a string")
                }
                guard !path.isEmpty else { continue }
                guard Self.namespaceKinds.contains(member.name) else {
                    throw JSONError("'bindNS.\(member.name)' is no namespace")
                }
                bindNS[member.name] = path
            }
        }
    }
}

extension RuntimeRecord.Mount {
    var jsonValue: JSON {
        .object([
            .init("destination", .string(destination)),
            .init("type", .string(type)),
            .init("source", .string(source)),
            .init("options", .strings(options)),
        ])
    }

    init(fields: JSONFields) throws(JSONError) {
        self.init(
            destination: try fields.string("destination"), type: try fields.string("type"),
            source: try fields.string("source"), options: try fields.strings("options"))
    }
}

extension RuntimeRecord.Interface {
    var jsonValue: JSON {
        .object([
            .init("name", .string(name)),
            .init("add", .string(add)),
            .init("peer", .string(peer)),
            .init("createInRoot", .bool(createInRoot)),
        ])
    }

    init(fields: JSONFields) throws(JSONError) {
        self.init(
            name: try fields.string("name"), add: try fields.string("add"),
            peer: try fields.string("peer"), createInRoot: try fields.bool("createInRoot"))
    }
}

extension JSON {
    static func strings(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }
}
