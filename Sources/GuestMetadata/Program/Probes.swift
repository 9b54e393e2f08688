internal import CInit
internal import Glibc
internal import GuestSystem

/// Several probes at once, each on its own thread, so that one that hangs does not block the others.
final class Probes: Sendable {
    typealias Probe = @Sendable (ProviderDeadline) -> ProviderResult

    /// Whether the results so far are enough.
    typealias Decision = @Sendable ([ProviderResult?]) -> Bool

    private let answers: Mutex<[ProviderResult?]>
    private let decision: Decision
    private let deadlines: [ProviderDeadline]
    /// A pipe that gets a byte for each result.
    private let wakeup: (writer: Int32, reader: Int32)

    private init(
        _ deadlines: [ProviderDeadline], wakeup: (writer: Int32, reader: Int32), decision: @escaping Decision
    ) {
        self.decision = decision
        answers = Mutex(Array(repeating: nil, count: deadlines.count))
        self.deadlines = deadlines
        self.wakeup = wakeup
    }

    /// Returns as soon as enough is known.
    /// - Parameter timeout: how long each may be silent.
    /// - Parameter decision: by default, that the first probe in their order that finds something is known.
    /// - Returns: the result of each; nil when it came too late or was not waited for.
    static func run(
        _ probes: [Probe], timeout: Milliseconds, until decision: @escaping Decision = Probes.isFirstKnown
    ) -> [ProviderResult?] {
        var ends: [Int32] = [-1, -1]
        do { try SystemError.check(cinit_pipe(&ends), "creating", "pipe") } catch {
            return probes.map { _ in .absent("\(error)") }
        }
        // The ends stay open: threads may still run when the process ends, which is soon.
        let race = Probes(
            probes.map { _ in ProviderDeadline(milliseconds: timeout) }, wakeup: (ends[1], ends[0]),
            decision: decision)
        for (index, probe) in probes.enumerated() {
            let started = Self.start { race.put(probe(race.deadlines[index]), at: index) }
            if !started { race.put(.absent("cannot create a thread"), at: index) }
        }
        while !race.isDecided, race.waits() {}
        return race.answers.withLock { $0 }
    }

    private func put(_ answer: ProviderResult, at index: Int) {
        answers.withLock { $0[index] = answer }
        var byte: UInt8 = 0
        _ = write(wakeup.writer, &byte, 1)
    }

    private var isDecided: Bool { decision(answers.withLock { $0 }) }

    static let isFirstKnown: Decision = { answers in
        for answer in answers {
            guard let answer else { return false }
            if case .found = answer { return true }
        }
        return true
    }

    /// The longest time that a probe without a result still has.
    private var left: Int32 {
        answers.withLock { answers in zip(answers, deadlines).map { $0 == nil ? $1.left : 0 }.max() ?? 0 }
    }

    /// - Returns: whether there was another result.
    private func waits() -> Bool {
        while true {
            var poll = pollfd(fd: wakeup.reader, events: Int16(POLLIN), revents: 0)
            let count = Glibc.poll(&poll, 1, left)
            if count < 0, errno == EINTR { continue }
            if count == 0, left > 0 { continue }
            guard count > 0 else { return false }
            var byte: UInt8 = 0
            return read(wakeup.reader, &byte, 1) == 1
        }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private static func start(_ run: @escaping @Sendable () -> Void) -> Bool {
        let body = Unmanaged.passRetained(Body(run))
        let result = cinit_start_thread(
            { pointer in
                if let pointer { Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        if result != 0 { body.release() }
        return result == 0
    }
}

/// How long a provider may be silent. Each answer gives it the same time again, up to ten times in all: a server that
/// sends without end does not hold up the boot.
final class ProviderDeadline: Sendable {
    private let timeout: Milliseconds
    private let last: Milliseconds
    /// Since the machine started.
    private let moment: Mutex<Milliseconds>

    init(milliseconds: Milliseconds) {
        timeout = milliseconds
        let now = cinit_uptime()
        moment = Mutex(now + milliseconds)
        last = now + 10 * milliseconds
    }

    /// To be called when the provider has answered.
    func renew() { moment.withLock { $0 = min(cinit_uptime() + timeout, last) } }

    /// Remaining milliseconds, for poll(2); 0 when it has passed.
    var left: Int32 { Int32(clamping: max(moment.withLock { $0 } - cinit_uptime(), 0)) }

    var hasPassed: Bool { left == 0 }
}
