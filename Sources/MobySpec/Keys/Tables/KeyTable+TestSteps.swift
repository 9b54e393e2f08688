internal import Extents
internal import JSON

extension KeyTable where Owner == TestStepDraft {
    static let testStep = KeyTable(
        "test.expect",
        """
        A step: what is expected, and perhaps `name` and `timeout`. `up`, `reboot` and `poweroff` may be written alone. A step waits until what it
        expects is true; it fails when it times out, and at once when the machine ends. Patterns are regular expressions, and match anywhere in
        a text or line.
        """,
        Key.observed + Key.inside + Key.changes + [
            Key("name", \.name, .text, "Name of the step in reports.", example: "front page"),
            Key(
                "timeout", \.timeout, .time,
                "Limit of the step: seconds, or with `ms`, `s`, `m` or `h`. By default 300 s for `up` and `reboot`, 120 s for `poweroff`, else 60 s.",
                example: "90s"),
        ],
        foreign: ["wait": "a step waits by itself; 'timeout' sets its limit"])
}

extension Key where Owner == TestStepDraft {
    /// What is seen from outside.
    fileprivate static let observed: [Key] = [
        Key(
            "up", \.isUp, .bool, "All services run, except those with `required: false`, and the boot is complete.",
            example: "true", default: .some(nil)),
        Key(
            "http", \.http, .web, "An answer of a web server: a port, or a mapping.",
            example: "{port: 80, path: /, status: 200, body: Welcome}"),
        Key(
            "https", \.https, .web, "The same with TLS. Certificates are not checked.",
            example: "{port: 443, status: 200}"),
        Key("tcp", \.tcp, .port, "A TCP port of the guest accepts connections.", example: "22"),
        Key(
            "ssh", \.ssh, .ssh, "A command that runs over ssh, with a key.",
            example: "{user: root, key: id_test, command: uname, output: Linux}"),
        Key("console", \.console, .pattern, "A line of the console matches.", example: "'dhcpcd: .* leased'"),
        Key(
            "not-console", \.notConsole, .pattern,
            "No line of the console matches, from the start of the machine to its end; it is checked last.",
            example: "'segfault|Oops'"),
        Key(
            "metric", \.metric, .budgets,
            "The most that something may be. Times: `boot`, from the start of QEMU until all services run. Sizes: `memory`, in use in the guest; `needs`, the least memory that the build boots with; `unpacked`, the root unpacked; `kernel`, `initrd`, `root`, a file; and the name of an output format, its files.",
            example: "{boot: \"<= 8s\", initrd: \"<= 20M\", gcp: \"<= 30M\"}", alias: ["budget", "metrics", "size"]),
    ]

    /// What the guest's PID 1 tells over a channel to this host.
    fileprivate static let inside: [Key] = [
        Key("service", \.service, .service, "The state of a service: a name, or a mapping.", example: "{name: nginx}"),
        Key(
            "exec", \.exec, .exec, "A command that runs in a container, or in the root of the guest.",
            example: "{container: nginx, command: [nginx, -t], exit: 0}", alias: ["run", "command"]),
        Key(
            "file", \.file, .file, "A file of a container, or of the guest.",
            example: "{path: /etc/motd, content: welcome}"),
        Key(
            "disk", \.disk, .disk, "A file system that is mounted.",
            example: "{mount: /var/lib/data, type: ext4, size: 60M}", alias: ["mount"]),
    ]

    fileprivate static let changes: [Key] = [
        Key(
            "reboot", \.reboot, .choice,
            "The machine is powered off and started again with the same disks. `once`: the steps that follow see it then. `again`: the steps before it are taken again as well.",
            example: "again", alias: ["restart"]),
        Key(
            "poweroff", \.poweroff, .choice,
            "The end of the machine. `clean`: its power button is pressed, and it powers off without an error. `itself`: it does so unasked. `none`: QEMU is ended.",
            example: "itself", alias: ["shutdown"]),
    ]
}

extension Codec where Value == [Budget] {
    fileprivate static var budgets: Codec {
        Codec(.map(.text), write: { .object($0.map { ($0.name.value, $0.limit.json) }) }) { node, reading in
            guard case .mapping(let pairs) = node.content else {
                reading.mismatch(node, expected: "a mapping", hint: "write {boot: \"<= 8s\"}")
                return nil
            }
            return pairs.compactMap { pair in
                let name = pair.key.value
                let limit = Codec<String>.text.parsed(from: { (_: Budget.Limit) in "" }) { text throws(SyntaxError) in
                    try TestText.budget(text, of: name)
                }
                return reading.within(.key(PlainText.short(name))) { limit.read(pair.value, &$0) }
                    .map { Budget(name: pair.key, limit: $0) }
            }
        }
    }
}

extension Budget.Limit {
    fileprivate var json: JSONValue {
        switch self {
        case .time(let time): Codec<Duration>.time.write(time)
        case .bytes(let bytes): .string("\(bytes)B")
        }
    }
}
