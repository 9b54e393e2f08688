internal import JSON

/// How PID 1 starts, watches and ends a container: the member `supervision` of `runtime.json`, which is there only when
/// something differs from the defaults.
public struct Supervision: Sendable, Equatable {
    /// Number of the signal that asks the container to end; 0 is SIGTERM.
    public var stopSignal = 0
    /// Milliseconds that the container may take to end; nil is the default of PID 1.
    public var stopGrace: Int?
    /// Services that must be ready before this one starts.
    public var after: [String] = []
    /// Whether the service starts before the onboot containers.
    public var isEarly = false
    /// Whether the boot, and the services after this one, wait for it.
    public var isRequired = true
    /// When the service is ready; nil is as soon as its program runs.
    public var ready: Readiness?
    public var health: Health?

    public init() {}

    /// What is looked at from outside to tell whether a service works.
    public enum Probe: Sendable, Equatable {
        /// The port accepts connections on the container's loopback interface.
        case tcp(port: Int)
        /// The port answers `GET path` with a status below 400.
        case http(port: Int, path: String)
        /// The path exists in the container.
        case file(String)
        /// The command ends with status 0 in the container.
        case exec([String])
        /// The service sends `READY=1` to the socket in `NOTIFY_SOCKET` (sd_notify(3)).
        case notify
    }

    public struct Readiness: Sendable, Equatable {
        public var probe: Probe
        /// Milliseconds a service has to become ready before it counts as failed; 0 waits without limit.
        public var limit: Int

        public static let defaultLimit = 90_000

        public init(_ probe: Probe, limit: Int = defaultLimit) { (self.probe, self.limit) = (probe, limit) }
    }

    public struct Health: Sendable, Equatable {
        /// What happens to a service that has become unhealthy.
        public enum Action: String, Sendable, CaseIterable { case restart, reboot, none }

        public var probe: Probe
        /// Milliseconds between the end of a check and the next.
        public var interval: Int
        /// Milliseconds that a check may take.
        public var timeout: Int
        /// Milliseconds after its start in which failures of a service do not count.
        public var startPeriod: Int
        /// Failures in a row that make a service unhealthy.
        public var retries: Int
        public var action: Action

        public init(
            _ probe: Probe, interval: Int = 30_000, timeout: Int = 30_000, startPeriod: Int = 0, retries: Int = 3,
            action: Action = .restart
        ) {
            self.probe = probe
            (self.interval, self.timeout, self.startPeriod) = (interval, timeout, startPeriod)
            (self.retries, self.action) = (retries, action)
        }
    }

    /// Where a container finds the socket of ``Probe/notify``: `/dev` is a file system that can always be written when
    /// a container is made.
    public static let notifySocket = "/dev/notify"
    /// Folder of these sockets in the root, each with the name of its service.
    public static let notifyFolder = "/run/moby/notify"
    /// Where a container with `init: true` finds PID 1's program, which is a reaper by this name.
    public static let reaper = "/dev/moby-init"
    /// PID 1's program in the root.
    public static let program = "/init"
}

extension Supervision {
    var jsonValue: JSONValue {
        .object([
            ("stopSignal", .integer(stopSignal)), ("stopGrace", stopGrace.map { .integer($0) } ?? .null),
            ("after", .strings(after)), ("early", .bool(isEarly)), ("required", .bool(isRequired)),
            ("ready", ready?.jsonValue ?? .null), ("health", health?.jsonValue ?? .null),
        ])
    }

    init(fields: JSONFields) throws(JSONError) {
        stopSignal = try fields.integer("stopSignal")
        stopGrace = fields["stopGrace"] == nil ? nil : try fields.integer("stopGrace")
        after = try fields.strings("after")
        isEarly = try fields.bool("early")
        isRequired = fields["required"] == nil ? true : try fields.bool("required")
        if let json = fields["ready"] {
            ready = try Readiness(JSONFields(try JSONFields.object(json, called: "'ready'")))
        }
        if let json = fields["health"] {
            health = try Health(JSONFields(try JSONFields.object(json, called: "'health'")))
        }
    }
}

extension Supervision.Probe {
    fileprivate var member: JSONValue.Member {
        switch self {
        case .tcp(let port): ("tcp", .integer(port))
        case .http(let port, let path): ("http", .object([("port", .integer(port)), ("path", .string(path))]))
        case .file(let path): ("file", .string(path))
        case .exec(let words): ("exec", .strings(words))
        case .notify: ("notify", .bool(true))
        }
    }

    fileprivate init(_ fields: JSONFields) throws(JSONError) {
        if fields["tcp"] != nil {
            self = .tcp(port: try fields.integer("tcp"))
        } else if let http = fields["http"] {
            let fields = JSONFields(try JSONFields.object(http, called: "'http'"))
            self = .http(port: try fields.integer("port"), path: try fields.string("path"))
        } else if fields["file"] != nil {
            self = .file(try fields.string("file"))
        } else if fields["exec"] != nil {
            self = .exec(try fields.strings("exec"))
        } else if try fields.bool("notify") {
            self = .notify
        } else {
            throw JSONError("a probe has none of 'tcp', 'http', 'file', 'exec' and 'notify'")
        }
    }
}

extension Supervision.Readiness {
    fileprivate var jsonValue: JSONValue { .object([probe.member, ("limit", .integer(limit))]) }

    fileprivate init(_ fields: JSONFields) throws(JSONError) {
        self.init(try Supervision.Probe(fields), limit: try fields.integer("limit"))
    }
}

extension Supervision.Health {
    fileprivate var jsonValue: JSONValue {
        .object([
            probe.member, ("interval", .integer(interval)), ("timeout", .integer(timeout)),
            ("startPeriod", .integer(startPeriod)), ("retries", .integer(retries)),
            ("action", .string(action.rawValue)),
        ])
    }

    fileprivate init(_ fields: JSONFields) throws(JSONError) {
        self.init(
            try Supervision.Probe(fields), interval: try fields.integer("interval"),
            timeout: try fields.integer("timeout"), startPeriod: try fields.integer("startPeriod"),
            retries: try fields.integer("retries"), action: try fields.choice("action") ?? .restart)
    }
}
