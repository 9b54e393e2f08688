internal import JSON

/// How long each part of the boot took: `/run/moby/boot.json`. Times are milliseconds since the kernel started.
public struct BootReport: Sendable, Equatable {
    public struct Step: Sendable, Equatable {
        /// `drivers`, `onboot 000-dhcpcd`, `service web`.
        public var name: String
        public var start: Int
        public var end: Int

        public init(name: String, start: Int, end: Int) { (self.name, self.start, self.end) = (name, start, end) }
    }

    /// When PID 1 began; before that, the kernel ran and unpacked the initrd.
    public var start: Int
    /// In the order of their ends; services start in parallel.
    public var steps: [Step] = []
    /// When all services ran or had failed; nil before.
    public var up: Int?

    public init(start: Int) { self.start = start }

    /// The text of the file, with a newline at its end.
    public var text: String { jsonValue.text(indent: 0) + "\n" }

    var jsonValue: JSONValue {
        .object([
            ("start", .integer(start)),
            (
                "steps",
                .array(
                    steps.map {
                        .object([("name", .string($0.name)), ("start", .integer($0.start)), ("end", .integer($0.end))])
                    })
            ), ("up", up.map { .integer($0) } ?? .null),
        ])
    }
}
