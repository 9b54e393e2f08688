public import JSON

/// `/etc/moby/machine.json`: what a spec says about the machine as a whole. A machine without the file, or without a
/// member, has the defaults.
public struct MachineSettings: Sendable, Equatable {
    /// The root is read-only but for `/run`, `/tmp` and `/var`.
    public var isReadOnly = false
    /// `/proc` shows users only their own processes.
    public var hidesProcesses = false
    /// How many seconds PID 1 or the kernel may hang before the watchdog resets the machine; nil turns it off.
    public var watchdog: Int?
    public var network = NetworkSettings()

    public init() {}

    /// A root that needs no file.
    public var isDefault: Bool { self == MachineSettings() }

    /// The settings as a JSON value: members that differ from the defaults, always in the same order.
    public var jsonValue: JSONValue {
        let members: [JSONValue.Member] = [
            ("readonly", isReadOnly ? .bool(true) : .null), ("hidepid", hidesProcesses ? .bool(true) : .null),
            ("watchdog", watchdog.map { .integer($0) } ?? .null),
            ("network", network == NetworkSettings() ? .null : network.jsonValue),
        ]
        return .object(members.filter { $0.value != .null })
    }

    /// The text of the file, with a newline at its end.
    public var text: String { jsonValue.text() + "\n" }

    /// Reads the file; unknown members are ignored.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        let fields = JSONFields(try JSONFields.object(try JSONValue(parsing: bytes), called: "the file"))
        isReadOnly = try fields.bool("readonly")
        hidesProcesses = try fields.bool("hidepid")
        watchdog = fields["watchdog"] == nil ? nil : try fields.integer("watchdog")
        if let value = fields["network"] {
            network = try NetworkSettings(fields: JSONFields(try JSONFields.object(value, called: "'network'")))
        }
    }
}
