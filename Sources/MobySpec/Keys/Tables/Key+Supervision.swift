internal import BootLayout
internal import JSON

/// How a service is started, watched and ended.
extension Key where Owner == ContainerOptions {
    static let supervision: [Key] = [
        Key(
            "init", \.hasReaper, .bool,
            "Runs the program below a small first process that passes signals on and reaps, for programs that leave zombies or ignore SIGTERM.",
            example: "true", since: .moby, alias: ["reaper", "tini"]),
        Key(
            "stopGrace", \.stopGrace, .milliseconds(upTo: 86_400_000),
            "Services: how long it may take to end after its image's `StopSignal` (SIGTERM by default), in seconds or with a unit; then it is killed. By default 10 s, and 5 s when the machine ends.",
            example: "30s", since: .moby, alias: ["stop_grace_period", "stopTimeout", "grace"]),
        Key(
            "after", \.after, .list(.containerName),
            "Services: names of services that must be ready before it starts, and that stop after it.",
            example: "[db]", since: .moby, alias: ["depends_on", "dependsOn", "requires"]),
        Key(
            "ready", \.ready, .ready,
            "Services: when it is ready; `notify` is `{notify: true}`. Without it, as soon as its program runs.",
            example: "{tcp: 80}", since: .moby,
            alias: ["readiness", "readinessProbe"]),
        Key(
            "required", \.isRequired, .bool, "Services: with `false`, those after it start even when it has failed.",
            example: "false", since: .moby, default: "true"),
        Key(
            "early", \.isEarly, .bool,
            "Services: starts before the `onboot` containers, such as a login for when one of them hangs.",
            example: "true", since: .moby),
        Key(
            "health", \.health, .health,
            "Services: a check at intervals, `image` for the `Healthcheck` of its image, or `none`.",
            example: "{http: 80, interval: 10s}", since: .moby, alias: ["healthcheck", "livenessProbe"],
            default: "none"),
    ]
}

/// The keys of a probe, one of which is set.
struct ProbeDraft: Sendable {
    var tcp: UInt16?
    var http: WebProbe?
    var file: String?
    var exec: [String]?
    var notify: Bool?

    struct WebProbe: Sendable {
        var port: UInt16 = 80
        var path = "/"
    }

    init() {}

    init(_ probe: Supervision.Probe) {
        switch probe {
        case .tcp(let port): tcp = UInt16(port)
        case .http(let port, let path): http = WebProbe(port: UInt16(port), path: path)
        case .file(let path): file = path
        case .exec(let words): exec = words
        case .notify: notify = true
        }
    }

    /// nil, with an error, unless there is exactly one.
    func probe(_ node: Node, _ reading: inout Reading, kinds: String) -> Supervision.Probe? {
        let found: [Supervision.Probe] = [
            tcp.map { .tcp(port: Int($0)) }, http.map { .http(port: Int($0.port), path: $0.path) },
            file.map { .file($0) }, exec.map { .exec($0) }, notify == true ? .notify : nil,
        ].compactMap { $0 }
        guard let probe = found.first, found.count == 1 else {
            let count = found.isEmpty ? "none" : "\(found.count)"
            reading.error(at: node.location, "\(reading.subject) has \(count) of \(kinds), expected one")
            return nil
        }
        guard case .exec(let words) = probe, words.isEmpty else { return probe }
        reading.error(at: node.location, "'exec' of \(reading.subject) is empty", hint: "name the program to run")
        return nil
    }
}

extension Key where Owner == ProbeDraft {
    fileprivate static let network: [Key] = [
        Key(
            "tcp", \.tcp, .port, "A port of its loopback interface accepts connections.", example: "5432", since: .moby),
        Key(
            "http", \.http, .webProbe, "An answer with a status below 400: a port, or a mapping.",
            example: "{port: 80, path: /health}", since: .moby),
    ]
    fileprivate static let exec = Key(
        "exec", \.exec, .command, "A command that ends with status 0 in the container.",
        example: "[pg_isready, -q]", since: .moby, alias: ["command", "test"])
    fileprivate static let file = Key(
        "file", \.file, .absolutePath, "A path that exists in the container.", example: "/run/app.sock", since: .moby)
    fileprivate static let notify = Key(
        "notify", \.notify, .bool, "It sends `READY=1` to the socket in `NOTIFY_SOCKET`, as sd_notify(3) does.",
        example: "true", since: .moby, default: .some(nil))
}

extension Codec where Value == ProbeDraft.WebProbe {
    fileprivate static var webProbe: Codec { short(.port, as: \.port, of: .webProbe) { ProbeDraft.WebProbe() } }
}

extension KeyTable where Owner == ProbeDraft.WebProbe {
    static let webProbe = KeyTable(
        "probe", "An answer to `GET`, on the loopback interface of the container.",
        [
            Key("port", \.port, .port, absent: nil, "Port.", example: "8080", since: .moby),
            Key(
                "path", \.path, .urlPath, absent: { $0 == "/" }, "Path, perhaps with a query.", example: "/health",
                since: .moby, default: "/"),
        ])
}

/// `ready` as it is written.
struct ReadyDraft: Sendable {
    var probe = ProbeDraft()
    var limit = Supervision.Readiness.defaultLimit
}

extension Codec where Value == Supervision.Readiness {
    fileprivate static var ready: Codec {
        let word = Codec<String>.choice(["notify"])
        let table = object(.ready) { _ in
            ReadyDraft()
        } from: {
            ReadyDraft(probe: ProbeDraft($0.probe), limit: $0.limit)
        } finish: { draft, node, reading in
            draft.probe.probe(node, &reading, kinds: "'tcp', 'http', 'file', 'exec' and 'notify'")
                .map { Supervision.Readiness($0, limit: draft.limit) }
        }
        return Codec(.either(word.shape, table.shape), write: table.write) { node, reading in
            guard case .scalar = node.content else { return table.read(node, &reading) }
            return word.read(node, &reading).map { _ in Supervision.Readiness(.notify) }
        }
    }
}

extension KeyTable where Owner == ReadyDraft {
    static let ready = KeyTable(
        "ready",
        "When a service is ready: one of `tcp`, `http`, `file`, `exec` and `notify`, tried until it is true.",
        (Key<ProbeDraft>.network + [.file, .exec, .notify]).map { $0.lifted(\.probe) } + [
            Key(
                "timeout", \.limit, .milliseconds(upTo: 86_400_000),
                absent: { $0 == Supervision.Readiness.defaultLimit },
                "How long it may take to become ready, in seconds or with a unit; then it has failed. `0` waits forever.",
                example: "5m", since: .moby, default: "90s", with: "tcp: 80")
        ])
}

/// `health` as it is written.
struct HealthDraft: Sendable {
    var probe = ProbeDraft()
    /// Its probe is not used.
    var rest = Supervision.Health(.notify)
}

extension Codec where Value == HealthSpec {
    fileprivate static var health: Codec {
        let word = Codec<String>.choice(["image", "none"])
        let table = Codec<Supervision.Health>.object(.health) { _ in
            HealthDraft()
        } from: {
            HealthDraft(probe: ProbeDraft($0.probe), rest: $0)
        } finish: { draft, node, reading in
            guard let probe = draft.probe.probe(node, &reading, kinds: "'tcp', 'http', and 'exec'") else { return nil }
            var health = draft.rest
            health.probe = probe
            return health
        }
        let write: @Sendable (HealthSpec) -> JSONValue = { health in
            switch health {
            case .off: .string("none")
            case .image: .string("image")
            case .checked(let health): table.write(health)
            }
        }
        return Codec(.either(word.shape, table.shape), write: write) { node, reading in
            guard case .scalar = node.content else { return table.read(node, &reading).map { .checked($0) } }
            return word.read(node, &reading).map { $0 == "image" ? .image : .off }
        }
    }
}

extension KeyTable where Owner == HealthDraft {
    static let health: KeyTable = {
        let standard = Supervision.Health(.notify)
        func time(
            _ name: String, _ property: any WritableKeyPath<HealthDraft, Int> & Sendable, _ standard: Int,
            _ doc: String,
            _ example: String, alias: [String] = []
        ) -> Key<HealthDraft> {
            Key(
                name, property, .milliseconds(upTo: 86_400_000), absent: { $0 == standard }, doc, example: example,
                since: .moby, alias: alias, default: "\(standard / 1000)s", with: "tcp: 80")
        }
        return KeyTable(
            "health",
            "A check of a service that is ready: one of `tcp`, `http` and `exec`. So many failures in a row make it unhealthy.",
            (Key<ProbeDraft>.network + [.exec]).map { $0.lifted(\.probe) } + [
                time("interval", \.rest.interval, standard.interval, "Time between two checks.", "10s"),
                time("timeout", \.rest.timeout, standard.timeout, "Time that a check may take.", "5s"),
                time(
                    "startPeriod", \.rest.startPeriod, standard.startPeriod,
                    "Time after its start in which failures do not count.", "1m", alias: ["start_period"]),
                Key(
                    "retries", \.rest.retries, .int(1...1000), absent: { $0 == standard.retries },
                    "Failures in a row that make it unhealthy.", example: "5", since: .moby,
                    default: "\(standard.retries)", with: "tcp: 80"),
                Key(
                    "action", \.rest.action, .choice, absent: { $0 == standard.action },
                    "What happens then: `restart` ends the service, which has failed; `reboot` ends the machine; `none` reports it.",
                    example: "reboot", since: .moby, default: "restart", with: "tcp: 80"),
            ])
    }()
}
