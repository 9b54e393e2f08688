internal import BootLayout
internal import Extents
internal import MobySpec
internal import OCI

/// How PID 1 starts, watches and ends the container.
extension RuntimeConfigBuilder {
    mutating func supervise(_ record: inout RuntimeRecord, _ origins: inout [(pointer: String, origin: Origin)]) {
        func take<Value: Sendable>(_ key: String, _ field: (ContainerOptions) -> Value?) -> Value? {
            guard let choice = merge.choose(key, field) else { return nil }
            origins.append(("/supervision/\(key)", choice.origin))
            return choice.value
        }
        guard input.placement.section == .services else { return }
        var supervision = Supervision()
        supervision.stopGrace = take("stopGrace") { $0.stopGrace }
        supervision.after = take("after") { $0.after } ?? []
        supervision.isEarly = take("early") { $0.isEarly } ?? false
        supervision.isRequired = take("required") { $0.isRequired } ?? true
        supervision.ready = take("ready") { $0.ready }
        supervision.health = health()
        if let health = merge.choose("health", { $0.health }), supervision.health != nil {
            origins.append(
                ("/supervision/health", health.value == .image ? .image(field: "Healthcheck") : health.origin))
        }
        if let signal = stopSignal() {
            supervision.stopSignal = signal
            origins.append(("/supervision/stopSignal", .image(field: "StopSignal")))
        }
        record.supervision = supervision
    }

    /// nil for SIGTERM.
    private mutating func stopSignal() -> Int? {
        guard let text = input.image.config?.stopSignal, !text.isEmpty else { return nil }
        if let number = SignalName.number(text) { return number == 15 ? nil : number }
        diagnostics.append(
            Diagnostic(
                .warning, at: container.image.location,
                "image '\(PlainText.short(container.image.value))' has the unknown StopSignal '\(PlainText.short(text))'",
                hint: "it is stopped with SIGTERM"))
        return nil
    }

    private mutating func health() -> Supervision.Health? {
        switch merge.choose("health", { $0.health })?.value {
        case nil, .off: return nil
        case .checked(let health): return health
        case .image:
            if let health = imageHealth() { return health }
            diagnostics.append(
                Diagnostic(
                    at: merge.location(of: "health"),
                    "image '\(PlainText.short(container.image.value))' of '\(container.name)' has no Healthcheck",
                    hint: "write a check: health: {tcp: 80}"))
            return nil
        }
    }

    /// Docker's check: a command in the container.
    private func imageHealth() -> Supervision.Health? {
        guard let check = input.image.config?.healthcheck, let test = check.test, let kind = test.first else {
            return nil
        }
        let command: [String]
        switch kind {
        case "CMD" where test.count > 1: command = Array(test.dropFirst())
        case "CMD-SHELL" where test.count == 2: command = ["/bin/sh", "-c", test[1]]
        default: return nil
        }
        var health = Supervision.Health(.exec(command))
        func time(_ nanoseconds: Int64?, _ standard: Int) -> Int {
            guard let nanoseconds, nanoseconds > 0 else { return standard }
            return Int(clamping: max(1, nanoseconds / 1_000_000))
        }
        health.interval = time(check.interval, health.interval)
        health.timeout = time(check.timeout, health.timeout)
        health.startPeriod = time(check.startPeriod, health.startPeriod)
        if let retries = check.retries, retries > 0 { health.retries = retries }
        return health
    }

    /// What the container needs of PID 1's: the program that reaps, the socket for its readiness.
    func supervisionMounts(_ table: inout MountTable) {
        if let reaper = reaper {
            table.add(bind(Supervision.program, at: Supervision.reaper), source: Supervision.program, reaper.origin)
        }
        if let notify = notify {
            let socket = "\(Supervision.notifyFolder)/\(container.name)"
            table.add(bind(socket, at: Supervision.notifySocket), source: socket, notify.origin)
        }
    }

    private func bind(_ source: String, at destination: String) -> MountSpec {
        var mount = MountSpec()
        (mount.type, mount.source, mount.destination) = ("bind", source, destination)
        mount.options = ["bind", "ro", "nosuid"]
        return mount
    }

    /// Who asked for a reaper, if one is wanted.
    var reaper: WithOrigin<Bool>? { merge.choose("init") { $0.hasReaper }.flatMap { $0.value ? $0 : nil } }

    /// Who asked for the socket of sd_notify(3), if one is wanted.
    var notify: WithOrigin<Supervision.Readiness>? {
        guard input.placement.section == .services, let ready = merge.choose("ready", { $0.ready }),
            ready.value.probe == .notify
        else { return nil }
        return ready
    }
}

/// Names of signals, as Docker and signal(7) have them.
enum SignalName {
    private static let numbers = [
        "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10,
        "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "CHLD": 17, "CONT": 18, "STOP": 19, "TSTP": 20,
        "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28, "IO": 29,
        "PWR": 30, "SYS": 31,
    ]

    /// `SIGRTMIN+3` is 37, with the first real-time signal that C libraries leave to programs.
    static func number(_ text: String) -> Int? {
        if let number = Int(text) { return (1...64).contains(number) ? number : nil }
        let name = text.uppercased()
        let short = name.hasPrefix("SIG") ? String(name.dropFirst(3)) : name
        if let number = numbers[short] { return number }
        let ranges: [(String, Int, Int)] = [("RTMIN", 34, 1), ("RTMAX", 64, -1)]
        for (prefix, base, sign) in ranges where short.hasPrefix(prefix) {
            let rest = short.dropFirst(prefix.count)
            if rest.isEmpty { return base }
            guard rest.hasPrefix(sign > 0 ? "+" : "-"), let offset = Int(rest.dropFirst()), (0...30).contains(offset)
            else { return nil }
            return base + sign * offset
        }
        return nil
    }
}
