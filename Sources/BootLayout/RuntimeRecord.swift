public import JSON

/// `runtime.json` next to a container's `config.json`: what PID 1 prepares around runc. The first six members are
/// LinuxKit's; the others are moby's, and other inits ignore them.
public struct RuntimeRecord: Sendable, Equatable {
    public struct Mount: Sendable, Equatable {
        public var destination: String
        public var type: String
        public var source: String
        public var options: [String]

        public init(destination: String, type: String = "", source: String = "", options: [String] = []) {
            self.destination = destination
            self.type = type
            self.source = source
            self.options = options
        }
    }

    public struct Interface: Sendable, Equatable {
        public var name: String
        /// Kind of link to make (`veth`, `dummy`, `wireguard`, …); empty moves the existing link.
        public var add: String
        public var peer: String
        public var createInRoot: Bool

        public init(name: String, add: String = "", peer: String = "", createInRoot: Bool = false) {
            self.name = name
            self.add = add
            self.peer = peer
            self.createInRoot = createInRoot
        }
    }

    /// Ids of a user namespace: what the container calls `containerID` and so on is `hostID` and so on outside.
    public struct IDRange: Sendable, Equatable {
        public var containerID: UInt32
        public var hostID: UInt32
        public var size: UInt32

        public init(containerID: UInt32, hostID: UInt32, size: UInt32) {
            (self.containerID, self.hostID, self.size) = (containerID, hostID, size)
        }
    }

    /// What becomes of a service that ended.
    public enum Restart: String, Sendable, CaseIterable { case onFailure = "on-failure", always, no }
    /// What becomes of the machine when an onboot container fails, or a service that is not started again.
    public enum OnFailure: String, Sendable, CaseIterable { case `continue`, poweroff, reboot }

    public var cgroups: [String] = []
    public var mounts: [Mount] = []
    public var mkdir: [String] = []
    public var interfaces: [Interface] = []
    /// Namespace kind (`cgroup`, `ipc`, `mnt`, `net`, `pid`, `user`, `uts`) to the path it is bound to.
    public var bindNS: [String: String] = [:]
    /// containerd's namespace for services; kept for LinuxKit's init.
    public var namespace = ""
    public var restart: Restart = .onFailure
    /// Seconds an onboot or onshutdown container may run; 0 removes the limit, nil applies that of its section:
    /// ``onbootLimit``, ``onshutdownLimit``.
    public var timeout: Int?
    public var onFailure: OnFailure = .continue
    /// A service's writable root keeps its changes when the service starts again.
    public var keepsRoot = false
    public var supervision = Supervision()
    /// PID 1 gives the files of the root to these users and groups; what no range has keeps its owner.
    public var userRanges: [IDRange] = []
    public var groupRanges: [IDRange] = []
    public var hasOwners: Bool { !userRanges.isEmpty || !groupRanges.isEmpty }

    public init() {}

    /// Default limit of an onboot container, and the limit of a script of `/etc/init.d`, seconds.
    public static let onbootLimit = 120
    /// Default limit of an onshutdown container, and the limit of a script of `/etc/shutdown.d`, seconds.
    public static let onshutdownLimit = 30
}

extension RuntimeRecord {
    /// The kinds of namespace that `bindNS` may name, in the order of the file.
    public static let namespaceKinds = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]

    /// The record as a JSON value, every member but `supervision` present, always in the same order.
    public var jsonValue: JSONValue {
        .object(members + (supervision == Supervision() ? [] : [("supervision", supervision.jsonValue)]))
    }

    private var members: [JSONValue.Member] {
        [
            ("cgroups", .strings(cgroups)),
            ("mounts", .array(mounts.map { $0.jsonValue })),
            ("mkdir", .strings(mkdir)),
            ("interfaces", .array(interfaces.map { $0.jsonValue })),
            ("bindNS", .object(Self.namespaceKinds.map { ($0, .string(bindNS[$0] ?? "")) })),
            ("namespace", .string(namespace)),
            ("restart", .string(restart.rawValue)),
            ("timeout", timeout.map { .integer($0) } ?? .null),
            ("onFailure", .string(onFailure.rawValue)),
            ("keep", .bool(keepsRoot)),
            ("uidMappings", .array(userRanges.map { $0.jsonValue })),
            ("gidMappings", .array(groupRanges.map { $0.jsonValue })),
        ]
    }

    /// The text of `runtime.json`, with a newline at its end.
    public var text: String { jsonValue.text() + "\n" }

    /// Reads `runtime.json`, moby's or LinuxKit's: members that are missing or null have their defaults, unknown ones
    /// are ignored.
    public init(parsing bytes: [UInt8]) throws(JSONError) { try self.init(JSONValue(parsing: bytes)) }

    /// The record that `json` describes.
    public init(_ json: JSONValue) throws(JSONError) {
        let fields = JSONFields(try JSONFields.object(json, called: "the record"))
        cgroups = try fields.strings("cgroups")
        mkdir = try fields.strings("mkdir")
        mounts = try fields.objects("mounts", Mount.init(fields:))
        interfaces = try fields.objects("interfaces", Interface.init(fields:))
        namespace = try fields.string("namespace")
        timeout = fields["timeout"] == nil ? nil : try fields.integer("timeout")
        restart = try fields.choice("restart") ?? .onFailure
        onFailure = try fields.choice("onFailure") ?? .continue
        keepsRoot = try fields.bool("keep")
        if let json = fields["supervision"] {
            supervision = try Supervision(fields: JSONFields(try JSONFields.object(json, called: "'supervision'")))
        }
        userRanges = try fields.objects("uidMappings", IDRange.init(fields:))
        groupRanges = try fields.objects("gidMappings", IDRange.init(fields:))
        if let bindings = fields["bindNS"] {
            for member in try JSONFields.object(bindings, called: "'bindNS'") {
                guard let path = member.value.string else {
                    throw JSONError("'bindNS.\(member.key)' is \(member.value.kind), not a string")
                }
                guard !path.isEmpty else { continue }
                guard Self.namespaceKinds.contains(member.key) else {
                    throw JSONError("'bindNS.\(member.key)' is not a namespace")
                }
                bindNS[member.key] = path
            }
        }
    }
}

extension RuntimeRecord.IDRange {
    var jsonValue: JSONValue {
        .object([
            ("containerID", .integer(containerID)), ("hostID", .integer(hostID)), ("size", .integer(size)),
        ])
    }

    init(fields: JSONFields) throws(JSONError) {
        func number(_ name: String) throws(JSONError) -> UInt32 {
            guard let number = UInt32(exactly: try fields.integer(name)) else {
                throw JSONError("'\(name)' is not a number of 32 bits")
            }
            return number
        }
        self.init(
            containerID: try number("containerID"), hostID: try number("hostID"), size: try number("size"))
    }
}

extension RuntimeRecord.Mount {
    var jsonValue: JSONValue {
        .object([
            ("destination", .string(destination)),
            ("type", .string(type)),
            ("source", .string(source)),
            ("options", .strings(options)),
        ])
    }

    init(fields: JSONFields) throws(JSONError) {
        self.init(
            destination: try fields.string("destination"), type: try fields.string("type"),
            source: try fields.string("source"), options: try fields.strings("options"))
    }
}

extension RuntimeRecord.Interface {
    var jsonValue: JSONValue {
        .object([
            ("name", .string(name)),
            ("add", .string(add)),
            ("peer", .string(peer)),
            ("createInRoot", .bool(createInRoot)),
        ])
    }

    init(fields: JSONFields) throws(JSONError) {
        self.init(
            name: try fields.string("name"), add: try fields.string("add"),
            peer: try fields.string("peer"), createInRoot: try fields.bool("createInRoot"))
    }
}

/// Typed access to the members of a JSON object; a missing or null member has the default.
struct JSONFields {
    private let members: [JSONValue.Member]

    init(_ members: [JSONValue.Member]) { self.members = members }

    subscript(name: String) -> JSONValue? {
        guard let value = members.last(where: { $0.key == name })?.value, value != .null else { return nil }
        return value
    }

    static func object(_ json: JSONValue, called name: String) throws(JSONError) -> [JSONValue.Member] {
        guard let members = json.members else { throw JSONError("\(name) is \(json.kind), not an object") }
        return members
    }

    private func error(_ name: String, _ value: JSONValue, wanted: String) -> JSONError {
        JSONError("'\(name)' is \(value.kind), not \(wanted)")
    }

    func string(_ name: String) throws(JSONError) -> String {
        guard let value = self[name] else { return "" }
        guard let text = value.string else { throw error(name, value, wanted: "a string") }
        return text
    }

    func integer(_ name: String) throws(JSONError) -> Int {
        guard let value = self[name] else { return 0 }
        guard let number = value.integer else { throw error(name, value, wanted: "a whole number") }
        return number
    }

    func bool(_ name: String) throws(JSONError) -> Bool {
        guard let value = self[name] else { return false }
        guard let truth = value.bool else { throw error(name, value, wanted: "a boolean") }
        return truth
    }

    func strings(_ name: String) throws(JSONError) -> [String] {
        var texts: [String] = []
        for value in try list(name) {
            guard let text = value.string else { throw error(name, value, wanted: "an array of strings") }
            texts.append(text)
        }
        return texts
    }

    func objects<Element>(_ name: String, _ make: (JSONFields) throws(JSONError) -> Element) throws(JSONError)
        -> [Element]
    {
        var elements: [Element] = []
        for value in try list(name) {
            elements.append(try make(JSONFields(try Self.object(value, called: "an entry of '\(name)'"))))
        }
        return elements
    }

    func choice<Choice: RawRepresentable>(_ name: String) throws(JSONError) -> Choice? where Choice.RawValue == String {
        guard self[name] != nil else { return nil }
        let text = try string(name)
        guard !text.isEmpty else { return nil }
        guard let choice = Choice(rawValue: text) else { throw JSONError("'\(name)' is '\(text)', which is unknown") }
        return choice
    }

    private func list(_ name: String) throws(JSONError) -> [JSONValue] {
        guard let value = self[name] else { return [] }
        guard let elements = value.array else { throw error(name, value, wanted: "an array") }
        return elements
    }
}
