public import JSON

/// What PID 1 reports about a machine and its services.
public struct MachineState: Sendable, Equatable {
    public struct Service: Sendable, Equatable {
        public var name: String
        /// `running`, `stopped`, `queued`, `starting` (or running, but not ready), `stopping`, `waiting` (for its next
        /// start) or `failed`.
        public var state: String
        /// Its first process, while it runs.
        public var pid: Int?
        /// How long it has been in this state, in milliseconds.
        public var age: Int
        /// How often it was started again.
        public var restarts: Int
        /// How its last run ended: `exit status 1`, `killed by SIGKILL (9)`; nil before the first end.
        public var lastEnd: String?
        /// Bytes of memory that it uses, while it runs.
        public var memory: Int?
        /// `starting`, `healthy` or `unhealthy`, while it runs and its health is checked.
        public var health: String?
        /// Whether the boot needs it.
        public var isRequired = true

        public init(name: String, state: String, pid: Int?, age: Int, restarts: Int, lastEnd: String?) {
            self.name = name
            self.state = state
            self.pid = pid
            self.age = age
            self.restarts = restarts
            self.lastEnd = lastEnd
        }
    }

    /// Whether the boot is complete: every service runs or has failed to start.
    public var isUp: Bool
    /// Milliseconds since the kernel started.
    public var uptime: Int
    public var services: [Service]

    public init(isUp: Bool, uptime: Int, services: [Service]) {
        self.isUp = isUp
        self.uptime = uptime
        self.services = services
    }

    public init(parsing text: [UInt8]) throws(JSONError) {
        let fields = JSONFields(try JSONFields.object(try JSONValue(parsing: text), called: "the machine's state"))
        isUp = try fields.bool("up")
        uptime = try fields.integer("uptime")
        services = try fields.objects("services") { (fields) throws(JSONError) in
            var service = Service(
                name: try fields.string("name"), state: try fields.string("state"),
                pid: fields["pid"] == nil ? nil : try fields.integer("pid"), age: try fields.integer("age"),
                restarts: try fields.integer("restarts"),
                lastEnd: fields["lastEnd"] == nil ? nil : try fields.string("lastEnd"))
            service.memory = fields["memory"] == nil ? nil : try fields.integer("memory")
            service.health = fields["health"] == nil ? nil : try fields.string("health")
            service.isRequired = fields["required"] == nil ? true : try fields.bool("required")
            return service
        }
    }

    public var jsonValue: JSONValue {
        .object([
            ("up", .bool(isUp)), ("uptime", .integer(uptime)),
            (
                "services",
                .array(
                    services.map { service in
                        .object([
                            ("name", .string(service.name)), ("state", .string(service.state)),
                            ("pid", service.pid.map { .integer($0) } ?? .null), ("age", .integer(service.age)),
                            ("restarts", .integer(service.restarts)),
                            ("lastEnd", service.lastEnd.map { .string($0) } ?? .null),
                            ("memory", service.memory.map { .integer($0) } ?? .null),
                            ("health", service.health.map { .string($0) } ?? .null),
                            ("required", .bool(service.isRequired)),
                        ])
                    })
            ),
        ])
    }
}
