public import JSON

/// A request to PID 1 on a port of the agent: one line of JSON. The answer is a ``Reply``.
///
/// A port is a serial line, and has no connections. So a client begins with ``hello(_:)`` and a text that was never
/// used before, and ignores everything until PID 1 repeats it; PID 1 ends what an earlier client started. One request
/// at a time: the next one is taken after the ``Reply/Kind/exit`` of the last.
public enum AgentRequest: Sendable, Equatable {
    case hello(String)
    case exec(Command)
    /// Answered with a ``MachineState`` as JSON.
    case services
    /// The log of a service, or of an onboot container: its last lines, then what follows until the next `hello`.
    case logs(String, lines: Int?, isFollowing: Bool)
    /// The bytes of a regular file, as a service sees it or in PID 1's root.
    case readFile(String, service: String?, limit: Int)
    case powerOff
    case reboot

    /// A program to run, with no standard input.
    public struct Command: Sendable, Equatable {
        /// The service in whose container it runs; nil is the root of PID 1.
        public var service: String?
        public var words: [String]
        /// `NAME=VALUE`, in addition to the container's.
        public var environment: [String] = []
        /// The folder it starts in; in a container only.
        public var folder: String?
        /// `UID[:GID]`; in a container only.
        public var user: String?
        /// Milliseconds after which it is killed; nil for no limit.
        public var limit: Int?

        public init(_ words: [String], service: String? = nil) {
            self.words = words
            self.service = service
        }
    }

    /// The most bytes of a request's line.
    public static let longestLine = 128 << 10
    /// The most bytes that ``readFile(_:service:limit:)`` sends.
    public static let largestFile = 256 << 20

    /// Reads a line.
    public init(parsing line: [UInt8]) throws(JSONError) {
        let fields = JSONFields(try JSONFields.object(try JSONValue(parsing: line), called: "the request"))
        switch try fields.string("do") {
        case "hello": self = .hello(try fields.string("text"))
        case "exec":
            var command = Command(try fields.strings("words"), service: try fields.text("service"))
            guard !command.words.isEmpty else { throw JSONError("'words' is empty") }
            command.environment = try fields.strings("environment")
            command.folder = try fields.text("folder")
            command.user = try fields.text("user")
            command.limit = try fields.number("limit")
            self = .exec(command)
        case "services": self = .services
        case "logs":
            self = .logs(
                try fields.string("name"), lines: try fields.number("lines"), isFollowing: try fields.bool("follow"))
        case "read-file":
            self = .readFile(
                try fields.string("path"), service: try fields.text("service"),
                limit: min(try fields.number("limit") ?? Self.largestFile, Self.largestFile))
        case "poweroff": self = .powerOff
        case "reboot": self = .reboot
        case let word: throw JSONError("unknown request '\(word.prefix(64))'")
        }
    }

    /// The line, with its end.
    public var line: [UInt8] { Array((jsonValue.text(indent: 0) + "\n").utf8) }

    private var jsonValue: JSONValue {
        switch self {
        case .hello(let text): Self.object("hello", [("text", .string(text))])
        case .exec(let command):
            Self.object(
                "exec",
                [
                    ("service", Self.optional(command.service)), ("words", .strings(command.words)),
                    ("environment", .strings(command.environment)), ("folder", Self.optional(command.folder)),
                    ("user", Self.optional(command.user)), ("limit", Self.optional(command.limit)),
                ])
        case .services: Self.object("services")
        case .logs(let name, let lines, let isFollowing):
            Self.object(
                "logs", [("name", .string(name)), ("lines", Self.optional(lines)), ("follow", .bool(isFollowing))])
        case .readFile(let path, let service, let limit):
            Self.object(
                "read-file",
                [("path", .string(path)), ("service", Self.optional(service)), ("limit", .integer(limit))])
        case .powerOff: Self.object("poweroff")
        case .reboot: Self.object("reboot")
        }
    }

    private static func object(_ word: String, _ members: [JSONValue.Member] = []) -> JSONValue {
        .object([("do", .string(word))] + members.filter { $0.value != .null })
    }

    private static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    private static func optional(_ number: Int?) -> JSONValue { number.map { .integer($0) } ?? .null }
}

extension JSONFields {
    /// A string; nil when it is missing.
    fileprivate func text(_ name: String) throws(JSONError) -> String? {
        self[name] == nil ? nil : try string(name)
    }

    /// A whole number that is not negative; nil when it is missing.
    fileprivate func number(_ name: String) throws(JSONError) -> Int? {
        guard self[name] != nil else { return nil }
        let number = try integer(name)
        guard number >= 0 else { throw JSONError("'\(name)' is negative") }
        return number
    }
}
