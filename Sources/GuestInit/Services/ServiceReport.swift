internal import BootLayout
internal import Glibc
internal import GuestSystem

/// What people and programs learn about a service.
extension Service {
    private var pid: pid_t? { if case .running(let pid) = state { pid } else { nil } }
    private var memory: MemoryUse? { pid == nil ? nil : run?.group?.memory }

    func report(now: Milliseconds) -> MachineState.Service {
        var report = MachineState.Service(
            name: name, state: stateName, pid: pid.map { Int($0) }, age: Int(now - since), restarts: restarts,
            lastEnd: lastOutcome?.text)
        report.memory = memory?.now
        report.health = health?.stateName
        report.isRequired = supervision.isRequired
        return report
    }

    static let header = ["NAME", "STATE", "PID", "FOR", "RESTARTS", "MEMORY", "LAST END"]

    /// A row of `service list`.
    func row(now: Milliseconds) -> [String] {
        let isIdle = state == .stopped || state == .queued
        let state = health?.isUnhealthy == true ? "unhealthy" : stateName
        return [
            name, state, pid.map { "\($0)" } ?? "-", isIdle ? "-" : TimeText.age(now - since), "\(restarts)",
            memory?.now.map(MemoryUse.text) ?? "-", lastOutcome?.text ?? "-",
        ]
    }

    /// The text of `service status`.
    /// - Parameter waitsFor: what it waits for, while it is queued.
    func status(now: Milliseconds, waitsFor: String?, logs: String) -> String {
        var lines = ["\(name): \(stateName)" + (pid.map { ", pid \($0)" } ?? "") + ageText(now)]
        func add(_ name: String, _ text: String?) { if let text { lines.append("  \(name): \(text)") } }
        add("waits for", waitsFor)
        add("restarts", "\(restarts)")
        add("last end", lastOutcome?.text)
        add("memory", memory.flatMap(Self.text))
        if let probe = supervision.ready?.probe, pid != nil { add("ready", (isReady ? "yes, " : "no, ") + probe.text) }
        add("health", health?.text)
        add("says", notifier?.status)
        add("after", supervision.after.isEmpty ? nil : supervision.after.joined(separator: ", "))
        add("logs", "\(logs)/\(name).out.log, \(logs)/\(name).log")
        return lines.joined(separator: "\n") + "\n"
    }

    private func ageText(_ now: Milliseconds) -> String {
        switch state {
        case .stopped where starts == 0: ", never started"
        case .queued: ""
        default: ", for \(TimeText.age(now - since))"
        }
    }

    private static func text(_ memory: MemoryUse) -> String? {
        guard let now = memory.now else { return nil }
        let parts = [("most", memory.most), ("limit", memory.limit)].compactMap { name, bytes in
            bytes.map { "\(name) \(MemoryUse.text($0))" }
        }
        return MemoryUse.text(now) + (parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))")
    }
}
