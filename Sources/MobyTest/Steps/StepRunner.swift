internal import BootLayout
internal import Extents
internal import Glibc
internal import MobyRun
internal import MobySpec

/// Takes the steps of a test on one machine.
final class StepRunner {
    let session: MachineSession
    let build: BuildFacts
    let host: StepHost
    let wait: StepWait
    private let tell: (TestEvent) -> Void
    /// Why the steps that remain are not taken.
    private var obstacle: String?
    private(set) var results: [StepResult] = []
    /// The kinds of all steps, and how often they let services start again.
    private var kinds: Set<String> = []
    private var allowedRestarts: [String: Int] = [:]
    /// The end of the console when the first step failed.
    private(set) var console: [String] = []

    init(
        _ session: MachineSession, _ build: BuildFacts, _ host: StepHost, deadline: ContinuousClock.Instant?,
        tell: @escaping (TestEvent) -> Void
    ) {
        (self.session, self.build, self.host, self.tell) = (session, build, host, tell)
        wait = StepWait(session: session, deadline: deadline, tell: tell)
    }

    /// Takes all steps. What must not be on the console is looked for at the end.
    /// - Throws: ``TestStop``; what is not the guest's error, such as a program of this host that cannot be started.
    func run(_ steps: [TestStep]) throws {
        kinds = Set(steps.map(\.expectation.kind))
        for step in steps {
            guard case .service(let service) = step.expectation else { continue }
            allowedRestarts[service.name] = max(service.restarts, allowedRestarts[service.name, default: 0])
        }
        for (index, step) in steps.enumerated() {
            if case .notConsole = step.expectation { continue }
            try run(step)
            if case .reboot(.again) = step.expectation, obstacle == nil {
                for step in steps[..<index] { try run(step, suffix: " after reboot") }
            }
        }
        for step in steps {
            guard case .notConsole(let pattern) = step.expectation else { continue }
            try run(step) { try self.checkAbsence(of: pattern) }
        }
    }

    private func run(_ step: TestStep, suffix: String = "") throws {
        switch step.expectation {
        case .notConsole: return
        case .reboot where !suffix.isEmpty: return
        case .metric(let budgets):
            for budget in budgets {
                let title = step.name.map { "\(PlainText.short($0)): " } ?? ""
                try run(step, title: "\(title)\(budget.name.value) <= \(budget.text)\(suffix)") {
                    try self.measure(budget, step)
                }
            }
        default: try run(step, title: step.title + suffix) { try self.check(step) }
        }
    }

    /// - Parameter check: gives the value that was measured; throws `StepFailure`.
    private func run(_ step: TestStep, title: String? = nil, _ check: () throws -> String?) throws {
        let start = ContinuousClock.now
        func finish(_ outcome: StepResult.Outcome) {
            let result = StepResult(
                name: title ?? step.title, kind: step.expectation.kind, outcome: outcome, duration: .now - start)
            results.append(result)
            if outcome.isFailure, console.isEmpty {
                console = session.tail(20)
                // The machine may end before the steps do.
                if host.isKeepingLogs { session.takeLogs() }
            }
            tell(.step(result))
        }
        if let obstacle, !step.expectation.isPossibleAfterTheEnd { return finish(.skipped(obstacle)) }
        do { finish(.passed(try check())) } catch let failure as StepFailure {
            finish(.failed(failure))
            if step.expectation.isNeededByOthers { obstacle = obstacle ?? "'\(step.title)' failed" }
            if let end = session.end { obstacle = obstacle ?? end }
        } catch let stop as TestStop {
            finish(.failed(StepFailure(stop.text)))
            throw stop
        }
    }

    private func check(_ step: TestStep) throws -> String? {
        switch step.expectation {
        case .up: try waitUntilUp(step)
        case .web(let web, let isSecure):
            try wait(step, WebCheck(web: web, isSecure: isSecure, session: session).attempt)
        case .tcp(let port):
            try wait(step) { limit in
                guard let published = self.session.ports[port] else { return .pending(nil) }
                return self.session.handle.accepts(published, within: limit)
                    ? .passed() : .pending("no program in the guest accepts connections")
            }
        case .ssh(let ssh):
            try wait(step, SSHCheck(ssh: ssh, session: session, host: host, limit: commandLimit(step)).attempt)
        case .console(let pattern): try waitForLine(pattern, step)
        case .reboot: try reboot(step)
        case .poweroff(let how): try powerOff(how, step)
        case .service(let service): try wait(step) { _ in try AgentCheck(session, step).service(service) }
        case .exec(let exec):
            try wait(step) { _ in try AgentCheck(session, step).exec(exec, limit: commandLimit(step)) }
        case .file(let file): try wait(step) { _ in try AgentCheck(session, step).file(file) }
        case .disk(let disk): try wait(step) { _ in try AgentCheck(session, step).disk(disk) }
        case .metric, .notConsole: nil
        }
    }

    /// How long a command of a step may run.
    private func commandLimit(_ step: TestStep) -> Duration {
        max(.seconds(1), min(step.limit, wait.deadline.map { $0 - .now } ?? step.limit))
    }

    // MARK: The console

    func waitUntilUp(_ step: TestStep) throws -> String? {
        let text = try wait(step) { _ in
            guard let up = session.handle.up else { return .pending(session.tail(1).last.map { "console: \($0)" }) }
            // A service may write to the console, too: PID 1 knows better.
            if try AgentCheck(session, step).state()?.isUp == false { return .pending("PID 1: not all services run") }
            if session.firstBoot == nil { session.firstBoot = up.time }
            guard up.running == up.all else {
                let problem = try AgentCheck(session, step).faultyService()
                return .wrong(
                    StepFailure(
                        problem?.message ?? "not all services run", expected: "\(up.all) of \(up.all) services running",
                        found: problem?.found ?? "\(up.running) of \(up.all) services running", output: problem?.output)
                )
            }
            return .passed("\(up.all) service\(up.all == 1 ? "" : "s"), \(QEMU.seconds(up.time)) after the start")
        }
        // Those that are not started again were counted, unless the boot does not need them.
        let settled = Set(
            try AgentCheck(session, step).state()?.services.filter { !$0.isRequired || $0.state == "stopped" }.map(
                \.name)
                ?? [])
        let ended = session.consoleLines.first { line in
            guard let match = line.firstMatch(of: #/moby: service (\S+) ended: /#) else { return false }
            return !settled.contains(String(match.1))
        }
        guard let line = ended else {
            try stayUp(step)
            return text
        }
        throw StepFailure("a service ended while others started", expected: "no restart", found: PlainText.short(line))
    }

    /// How long services must run before a machine counts as up: one that fails at once is started again by then.
    private static let quietTime: Duration = .seconds(2)

    private func stayUp(_ step: TestStep) throws {
        let end = ContinuousClock.now + Self.quietTime
        while ContinuousClock.now < end, session.end == nil {
            try wait.checkStop(.now)
            usleep(100_000)
        }
        if let failure = try AgentCheck(session, step).restartedService() { throw failure }
    }

    private func waitForLine(_ pattern: String, _ step: TestStep) throws -> String? {
        var next = 0
        return try wait(step) { _ in
            let (lines, after, open) = session.handle.lines(from: next)
            next = after
            if let line = try TextPattern.first(pattern, in: lines + [open]) {
                return .passed(PlainText.short(line))
            }
            return .pending("\(after) lines, none of which matches")
        }
    }

    private func checkAbsence(of pattern: String) throws -> String? {
        let lines = session.consoleLines
        guard let line = try TextPattern.first(pattern, in: lines) else {
            return "\(lines.count) lines"
        }
        throw StepFailure("the console has such a line", expected: "no line that matches", found: PlainText.short(line))
    }

    // MARK: The end

    private func reboot(_ step: TestStep) throws -> String? {
        _ = try powerOff(.clean, step)
        try session.boot()
        return try waitUntilUp(step)
    }

    /// Of a test with `up`, whose own commands did not end a service.
    private func restartedService(_ step: TestStep) throws -> StepFailure? {
        guard kinds.contains("up"), !kinds.contains("exec") else { return nil }
        return try AgentCheck(session, step).restartedService(allowedRestarts)
    }

    private func powerOff(_ how: Expectation.PowerOff, _ step: TestStep) throws -> String? {
        if how == .none {
            session.handle.terminate()
            return nil
        }
        if host.isKeepingLogs { session.takeLogs() }
        if how == .clean, let failure = try restartedService(step) { throw failure }
        let start = ContinuousClock.now
        while session.handle.exitStatus == nil {
            let left = step.limit - (ContinuousClock.now - start)
            if left <= .zero || session.end != nil { break }
            // A guest that is still starting may not listen yet.
            if how == .clean, !session.handle.isEnding { session.handle.pressPowerButton() }
            let turn = ContinuousClock.now + min(left, .seconds(3))
            while session.handle.exitStatus == nil, ContinuousClock.now < turn {
                usleep(5000)
                try wait.checkStop(.now)
            }
        }
        try wait.checkStop(.now)
        guard let status = session.handle.exitStatus else {
            let end = session.end
            session.handle.terminate()
            throw StepFailure(
                end ?? "the machine did not power off within \(StepWait.text(step.limit))",
                expected: "a clean power off")
        }
        session.handle.drain()
        guard status == 0, session.handle.ending == .clean else {
            throw StepFailure(session.end ?? "the machine ended", expected: "a clean power off")
        }
        return nil
    }
}

extension Expectation {
    /// Whether nothing that follows makes sense without it.
    fileprivate var isNeededByOthers: Bool {
        switch self {
        case .up, .reboot: true
        default: false
        }
    }

    fileprivate var isPossibleAfterTheEnd: Bool { if case .notConsole = self { true } else { false } }
}
