internal import BootLayout
internal import CInit
internal import Glibc
internal import GuestSystem

/// Looks at a service that has started until it is ready.
final class ReadinessWatch {
    private let readiness: Supervision.Readiness
    private let look: (@escaping (String?) -> Void) -> ProbeRun
    private let loop: EventLoop
    private let ended: (String?) -> Void
    private var probe: ProbeRun?
    private var timers: [Int] = []
    private var pause: Milliseconds = 100
    private var reason = "nothing was sent"
    private var isOver = false

    private static let longestPause: Milliseconds = 1000

    /// - Parameters:
    ///   - look: starts a probe.
    ///   - ended: called once, unless it is cancelled: with nil when the service is ready, else with the reason.
    init(
        _ readiness: Supervision.Readiness, loop: EventLoop, look: @escaping (@escaping (String?) -> Void) -> ProbeRun,
        ended: @escaping (String?) -> Void
    ) {
        (self.readiness, self.look, self.loop, self.ended) = (readiness, look, loop, ended)
        if readiness.limit > 0 {
            let span = TimeText.seconds(Milliseconds(readiness.limit))
            timers.append(
                loop.after(Milliseconds(readiness.limit)) { [self] in
                    finish("not ready after \(span): \(readiness.probe.text): \(reason)")
                })
        }
        if readiness.probe != .notify { step() }
    }

    private func step() {
        probe = look { [self] reason in
            probe = nil
            guard let reason else { return finish(nil) }
            self.reason = reason
            timers.append(loop.after(pause) { [self] in step() })
            pause = min(2 * pause, Self.longestPause)
        }
    }

    /// The service has said so itself.
    func notify() { finish(nil) }

    private func finish(_ reason: String?) {
        guard !isOver else { return }
        cancel()
        ended(reason)
    }

    func cancel() {
        isOver = true
        for timer in timers { loop.cancel(timer: timer) }
        timers = []
        probe?.cancel()
        probe = nil
    }
}

/// Counts the checks of a service's health.
struct HealthCount: Equatable {
    enum Event: Equatable { case unhealthy, recovered }

    let retries: Int
    private(set) var failures = 0
    private(set) var isUnhealthy = false
    /// Whether there was a check that counts.
    private(set) var isKnown = false

    init(retries: Int) { self.retries = max(1, retries) }

    /// - Parameter isEarly: the service is still starting, and a failure does not count.
    mutating func add(_ isGood: Bool, isEarly: Bool = false) -> Event? {
        guard isGood || !isEarly else { return nil }
        isKnown = true
        guard !isGood else {
            defer { (failures, isUnhealthy) = (0, false) }
            return isUnhealthy ? .recovered : nil
        }
        failures += 1
        guard failures >= retries, !isUnhealthy else { return nil }
        isUnhealthy = true
        return .unhealthy
    }
}

/// Checks the health of a service at intervals.
final class HealthWatch {
    private let health: Supervision.Health
    private let look: (@escaping (String?) -> Void) -> ProbeRun
    private let loop: EventLoop
    private let event: (HealthCount.Event, String) -> Void
    private let start: Milliseconds
    private var count: HealthCount
    private var probe: ProbeRun?
    private var timer: Int?
    private var lastReason: String?

    /// - Parameter event: called when the service has become unhealthy, with the reason, or has recovered.
    init(
        _ health: Supervision.Health, loop: EventLoop, look: @escaping (@escaping (String?) -> Void) -> ProbeRun,
        event: @escaping (HealthCount.Event, String) -> Void
    ) {
        (self.health, self.look, self.loop, self.event) = (health, look, loop, event)
        (start, count) = (loop.now, HealthCount(retries: health.retries))
        schedule()
    }

    var isUnhealthy: Bool { count.isUnhealthy }
    var stateName: String { count.isUnhealthy ? "unhealthy" : count.isKnown ? "healthy" : "starting" }

    var text: String {
        let reason = count.failures > 0 ? lastReason.map { ", \(count.failures) checks failed: \($0)" } ?? "" : ""
        return "\(stateName), \(health.probe.text) every \(TimeText.seconds(Milliseconds(health.interval)))" + reason
    }

    private func schedule() {
        timer = loop.after(Milliseconds(health.interval)) { [self] in check() }
    }

    private func check() {
        probe = look { [self] reason in
            probe = nil
            lastReason = reason
            schedule()
            let isEarly = loop.now - start < Milliseconds(health.startPeriod)
            guard let event = count.add(reason == nil, isEarly: isEarly) else { return }
            self.event(event, "\(health.probe.text): \(reason ?? "")")
        }
    }

    func cancel() {
        if let timer { loop.cancel(timer: timer) }
        timer = nil
        probe?.cancel()
        probe = nil
    }
}

/// Where a service says that it is ready (sd_notify(3)). The socket outlives its runs: containers have it bound.
final class NotifySocket {
    /// What the service says about itself: the last `STATUS=`.
    private(set) var status: String?
    /// Called for `READY=1`.
    var onReady: () -> Void = {}

    init(path: String, loop: EventLoop) throws(SystemError) {
        if let folder = Files.parent(of: path) { try Files.makeDirectories(folder) }
        let file = try SystemError.check(cinit_datagrams(path), "creating the socket", path)
        try loop.watch(file: file) { [self] _ in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let count = recv(file, &buffer, buffer.count, Int32(MSG_DONTWAIT)), count >= 0 {
                take(String(decoding: buffer[..<count], as: UTF8.self))
            }
        }
    }

    private func take(_ text: String) {
        for line in text.split(separator: "\n") {
            if line == "READY=1" { onReady() }
            if line.hasPrefix("STATUS=") { status = PlainLines.line(String(line.dropFirst(7))) }
        }
    }
}
