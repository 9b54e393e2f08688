internal import CInit
internal import Glibc
internal import Synchronization

/// Several questions asked at once, each on a thread of its own; one that hangs holds up nobody.
final class Probes: Sendable {
    typealias Probe = @Sendable (Deadline) -> Answer

    private let answers: Mutex<[Answer?]>
    private let deadlines: [Deadline]
    /// One byte for each answer.
    private let bell: (ring: Int32, hear: Int32)

    private init(_ deadlines: [Deadline], bell: (ring: Int32, hear: Int32)) {
        answers = Mutex(Array(repeating: nil, count: deadlines.count))
        self.deadlines = deadlines
        self.bell = bell
    }

    /// Returns as soon as it is known which is the first of the `probes`, in their order, that has found something.
    /// - Parameter patience: milliseconds that each may keep silent.
    /// - Returns: for each its answer; nil when it gave none in time, or was not waited for.
    static func run(_ probes: [Probe], patience: Int64) -> [Answer?] {
        var ends: [Int32] = [-1, -1]
        let made = cinit_pipe(&ends)
        guard made == 0 else { return probes.map { _ in .absent("\(MetadataError("make", "pipe", number: -made))") } }
        // The ends stay open: a thread may be left behind, and the process is about to end.
        let race = Probes(probes.map { _ in Deadline(milliseconds: patience) }, bell: (ends[1], ends[0]))
        for (index, probe) in probes.enumerated() {
            let started = Self.start { race.put(probe(race.deadlines[index]), at: index) }
            if !started { race.put(.absent("no thread for it"), at: index) }
        }
        while !race.isDecided, race.waits() {}
        return race.answers.withLock { $0 }
    }

    private func put(_ answer: Answer, at index: Int) {
        answers.withLock { $0[index] = answer }
        var byte: UInt8 = 0
        _ = write(bell.ring, &byte, 1)
    }

    private var isDecided: Bool {
        answers.withLock { answers in
            for answer in answers {
                guard let answer else { return false }
                if case .found = answer { return true }
            }
            return true
        }
    }

    /// The longest time that somebody still has who has not answered.
    private var left: Int32 {
        answers.withLock { answers in zip(answers, deadlines).map { $0 == nil ? $1.left : 0 }.max() ?? 0 }
    }

    /// - Returns: whether there was another answer.
    private func waits() -> Bool {
        while true {
            var poll = pollfd(fd: bell.hear, events: Int16(POLLIN), revents: 0)
            let count = Glibc.poll(&poll, 1, left)
            if count < 0, errno == EINTR { continue }
            if count == 0, left > 0 { continue }
            guard count > 0 else { return false }
            var byte: UInt8 = 0
            return read(bell.hear, &byte, 1) == 1
        }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private static func start(_ run: @escaping @Sendable () -> Void) -> Bool {
        var thread = pthread_t()
        let body = Unmanaged.passRetained(Body(run))
        let result = pthread_create(
            &thread, nil,
            { pointer in
                if let pointer { Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        guard result == 0 else {
            body.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}

/// How long somebody may keep silent. Each answer gives them the same time again.
final class Deadline: Sendable {
    private let patience: Int64
    /// Milliseconds since the machine started.
    private let moment: Mutex<Int64>

    init(milliseconds: Int64) {
        patience = milliseconds
        moment = Mutex(cinit_uptime() + milliseconds)
    }

    /// Something was heard.
    func renew() { moment.withLock { $0 = cinit_uptime() + patience } }

    /// Milliseconds that are left, for poll(2); 0 when it has passed.
    var left: Int32 { Int32(clamping: max(moment.withLock { $0 } - cinit_uptime(), 0)) }

    var hasPassed: Bool { left == 0 }
}
