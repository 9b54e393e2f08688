internal import Extents
internal import MobyBuild
internal import MobyRun
internal import MobySpec

/// What a build of a machine left: its files, and those of other formats that metrics ask for.
struct BuildFacts: Sendable {
    /// Of the format that the machine boots, then of others.
    var results: [BuildResult]

    /// The formats that have to be built for the metrics of a test, next to the one that a machine boots.
    static func formats(for steps: [TestStep], booting format: String) -> [String] {
        var wanted: [String] = []
        for step in steps {
            guard case .metric(let budgets) = step.expectation else { continue }
            for name in budgets.map(\.name.value) {
                wanted += self.format(for: name, booting: format).map { [$0] } ?? []
            }
        }
        return wanted.reduce(into: []) { if $1 != format, !$0.contains($1) { $0.append($1) } }
    }

    private static func format(for metric: String, booting format: String) -> String? {
        guard let role = OutputFormat.Role(rawValue: metric) else {
            return OutputFormat.named(metric)?.isAvailable == true ? metric : nil
        }
        let has = OutputFormat.named(format)?.files.contains { $0.role == role } == true
        return has ? format : role == .root ? "kernel+erofs" : "kernel+initrd"
    }

    /// The number of bytes; nil for a metric that is not one of the build.
    func bytes(_ metric: String) -> UInt64? {
        switch metric {
        case "needs": return results.first.map { UInt64($0.minMemory) << 20 }
        case "unpacked": return results.first?.unpacked
        default: break
        }
        if let role = OutputFormat.Role(rawValue: metric) {
            let sizes = results.compactMap { result in result.files.first { Self.role(of: $0) == role }?.size }
            return sizes.first
        }
        let files = results.flatMap(\.files).filter { $0.format == metric }
        return files.isEmpty ? nil : files.reduce(0) { $0 + $1.size }
    }

    private static func role(of file: BuildResult.File) -> OutputFormat.Role? {
        OutputFormat.named(file.format)?.files.filter { file.path.hasSuffix($0.suffix) }
            .max { $0.suffix.utf8.count < $1.suffix.utf8.count }?.role
    }
}

extension Budget {
    /// The limit, for people.
    var text: String {
        switch limit {
        case .time(let time): StepWait.text(time)
        case .bytes(let bytes): SizeText.decimal(bytes)
        }
    }
}

extension StepRunner {
    /// - Returns: the value.
    /// - Throws: `StepFailure` when it is above the limit.
    func measure(_ budget: Budget, _ step: TestStep) throws -> String? {
        switch budget.limit {
        case .time(let limit):
            if session.firstBoot == nil { _ = try waitUntilUp(step) }
            guard let time = session.firstBoot else { throw StepFailure("the machine did not come up") }
            return try verdict(QEMU.seconds(time), isWithin: time <= limit, budget)
        case .bytes(let limit):
            let metric = budget.name.value
            if metric == "memory" { return try measureMemory(budget, limit, step) }
            guard let bytes = build.bytes(metric) else { throw StepFailure("the build has no '\(metric)'") }
            return try verdict(SizeText.decimal(bytes), isWithin: bytes <= limit, budget)
        }
    }

    private func measureMemory(_ budget: Budget, _ limit: UInt64, _ step: TestStep) throws -> String? {
        try wait(step) { _ in
            try AgentCheck(session, step).attempt { agent in
                let bytes = try AgentCheck.memoryInUse(agent)
                return .passed(try verdict(SizeText.decimal(bytes), isWithin: bytes <= limit, budget))
            }
        }
    }

    private func verdict(_ value: String, isWithin: Bool, _ budget: Budget) throws -> String {
        guard isWithin else {
            throw StepFailure(
                "'\(budget.name.value)' is over its budget", expected: "at most \(budget.text)", found: value)
        }
        return value
    }
}
