internal import BootLayout
internal import Extents
internal import MobyRun
internal import MobySpec

/// Asks PID 1 of the guest.
struct AgentCheck {
    private let session: MachineSession
    private let limit: Duration

    init(_ session: MachineSession, _ step: TestStep) {
        self.session = session
        // A busy guest answers late.
        limit = min(.seconds(5), step.limit)
    }

    /// Takes an attempt; an agent that does not answer may do so later.
    func attempt(_ body: (AgentClient) throws -> Attempt) throws -> Attempt {
        do { return try body(try session.agent(within: limit)) } catch let error as AgentError {
            session.forgetAgent()
            return .pending("\(error)" + (error.hint.map { "; \($0)" } ?? ""))
        }
    }

    // MARK: Services

    func service(_ wanted: ServiceExpectation) throws -> Attempt {
        try attempt { agent in
            guard let service = try agent.state().services.first(where: { $0.name == wanted.name }) else {
                throw StepFailure("the machine has no service '\(wanted.name)'")
            }
            let end = service.lastEnd.map { ", \($0)" } ?? ""
            let found = "\(service.state), \(Self.restarts(service.restarts))\(PlainText.short(end))"
            let isRight = service.state == wanted.state.rawValue && service.restarts <= wanted.restarts
            guard !isRight else { return .passed(found) }
            return .wrong(
                StepFailure(
                    "service '\(wanted.name)' is not as expected",
                    expected: "\(wanted.state.rawValue), at most \(Self.restarts(wanted.restarts))", found: found,
                    output: try log(of: wanted.name, agent)))
        }
    }

    /// What an agent tells; nil when it does not answer.
    private func ask<Answer>(_ body: (AgentClient) throws -> Answer?) throws -> Answer? {
        var answer: Answer?
        _ = try attempt {
            answer = try body($0)
            return .passed()
        }
        return answer
    }

    /// What PID 1 says of the machine; nil when it does not answer.
    func state() throws -> MachineState? { try ask { try $0.state() } }

    /// The first service that does not run, with its log; nil when all do, or nothing is known.
    func faultyService() throws -> StepFailure? {
        try ask { agent in
            guard let bad = try agent.state().services.first(where: { $0.state != "running" && $0.isRequired }) else {
                return nil
            }
            let end = bad.lastEnd.map { ", \($0)" } ?? ""
            return StepFailure(
                "service '\(PlainText.short(bad.name))' does not run",
                found: "\(bad.state), \(Self.restarts(bad.restarts))\(PlainText.short(end))",
                output: try log(of: bad.name, agent))
        }
    }

    /// A service that ended and was started again, with its log.
    /// - Parameter allowed: how often services may be started again, by name.
    func restartedService(_ allowed: [String: Int] = [:]) throws -> StepFailure? {
        try ask { agent in
            let services = try agent.state().services
            guard let bad = services.first(where: { $0.restarts > allowed[$0.name, default: 0] }) else { return nil }
            return StepFailure(
                "service '\(PlainText.short(bad.name))' was started again", expected: "no restart",
                found: Self.restarts(bad.restarts) + (bad.lastEnd.map { ", \(PlainText.short($0))" } ?? ""),
                output: try log(of: bad.name, agent))
        }
    }

    private static func restarts(_ number: Int) -> String {
        number == 0 ? "no restart" : number == 1 ? "1 restart" : "\(number) restarts"
    }

    private func log(of service: String, _ agent: AgentClient) throws -> String? {
        var bytes: [UInt8] = []
        try agent.logs(service, lines: 20) { bytes += $1 }
        return bytes.isEmpty ? nil : PlainText.lines(String(decoding: bytes, as: UTF8.self))
    }

    // MARK: Commands

    /// A command whose result does not count unless it is repeated until it does.
    /// - Parameter limit: how long it may run.
    func exec(_ wanted: ExecExpectation, limit: Duration) throws -> Attempt {
        try attempt { agent in
            var command = AgentRequest.Command(wanted.command, service: wanted.container)
            command.limit = Int(limit / .milliseconds(1))
            let result = try agent.exec(command)
            let end = CommandEnd(
                status: result.status, text: String(decoding: result.output + result.errors, as: UTF8.self))
            // The container does not run, or not yet.
            if result.status == 125, let problem = result.problem { return .pending(problem) }
            let failure = try end.failure(exit: wanted.exit, output: wanted.output, problem: result.problem)
            guard let failure else { return .passed(end.lastLine) }
            if wanted.isRepeated { return .wrong(failure) }
            throw failure
        }
    }

    // MARK: Files

    func file(_ wanted: FileExpectation) throws -> Attempt {
        try attempt { agent in
            let bytes: [UInt8]
            do {
                bytes = try agent.readFile(wanted.path, service: wanted.container, limit: 64 << 10)
            } catch let error as AgentError where "\(error)".lowercased().contains("no such file") {
                if wanted.isAbsent { return .passed() }
                return .wrong(StepFailure("the file does not exist", expected: "a file", found: "\(error)"))
            }
            if wanted.isAbsent {
                return .wrong(StepFailure("the file exists", expected: "no file", found: "\(bytes.count) bytes"))
            }
            let text = String(decoding: bytes, as: UTF8.self)
            if let pattern = wanted.content, try !TextPattern.matches(pattern, text) {
                return .wrong(
                    StepFailure(
                        "the content does not match", expected: "content that matches '\(PlainText.short(pattern))'",
                        found: "\(bytes.count) bytes", output: PlainText.lines(String(text.prefix(1000)))))
            }
            if let mode = wanted.mode { return try check(mode, wanted, agent) }
            return .passed("\(bytes.count) bytes")
        }
    }

    private func check(_ mode: UInt16, _ wanted: FileExpectation, _ agent: AgentClient) throws -> Attempt {
        var command = AgentRequest.Command(["stat", "-L", "-c", "%a", wanted.path], service: wanted.container)
        command.limit = 10_000
        let result = try agent.exec(command)
        let text = String(decoding: result.output, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
        guard result.status == 0, let found = UInt16(text, radix: 8) else {
            throw StepFailure(
                "the mode cannot be read", expected: "the program 'stat'",
                found: result.problem ?? "exit code \(result.status)")
        }
        guard found == mode else {
            return .wrong(
                StepFailure(
                    "the mode is not as expected", expected: "mode \(String(mode, radix: 8))", found: "mode \(text)"))
        }
        return .passed("mode \(text)")
    }

    // MARK: Disks and memory

    func disk(_ wanted: DiskExpectation) throws -> Attempt {
        try attempt { agent in
            let mounts = String(decoding: try agent.readFile("/proc/mounts"), as: UTF8.self)
            // The last one hides those before it.
            let rows = mounts.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            guard let row = rows.last(where: { $0.count > 2 && $0[1] == wanted.mount }) else {
                return .wrong(StepFailure("nothing is mounted on '\(PlainText.short(wanted.mount))'"))
            }
            let found = "\(PlainText.short(row[0])), \(PlainText.short(row[2]))"
            if let type = wanted.type, row[2] != type {
                return .wrong(StepFailure("the type is not as expected", expected: type, found: found))
            }
            if let device = wanted.device, row[0] != device {
                return .wrong(StepFailure("the device is not as expected", expected: device, found: found))
            }
            guard let size = wanted.size else { return .passed(found) }
            let name = row[0].split(separator: "/").last.map(String.init) ?? ""
            let sectors = String(decoding: try agent.readFile("/sys/class/block/\(name)/size"), as: UTF8.self)
            let bytes = (UInt64(sectors.split(separator: "\n").first ?? "") ?? 0) * 512
            guard bytes >= size else {
                return .wrong(
                    StepFailure(
                        "the disk is too small", expected: "at least \(SizeText.decimal(size))",
                        found: "\(found), \(SizeText.decimal(bytes))"))
            }
            return .passed("\(found), \(SizeText.decimal(bytes))")
        }
    }

    /// Bytes of memory in use, as free(1) counts.
    static func memoryInUse(_ agent: AgentClient) throws -> UInt64 {
        let text = String(decoding: try agent.readFile("/proc/meminfo"), as: UTF8.self)
        func kibibytes(_ name: String) throws -> UInt64 {
            let row = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
            guard let number = row?.split(separator: " ").dropFirst().first.flatMap({ UInt64($0) }) else {
                throw StepFailure("/proc/meminfo has no '\(name)'")
            }
            return number
        }
        let (total, available) = (try kibibytes("MemTotal"), try kibibytes("MemAvailable"))
        return total > available ? (total - available) << 10 : 0
    }
}
