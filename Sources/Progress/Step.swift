internal import Synchronization

/// A long step in flight. Whoever shows it reads the counters when it likes: counting costs one atomic addition.
public final class Step: Sendable {
    public enum Unit: String, Sendable {
        case bytes, items
    }

    public let activity: Activity
    /// What is worked on; it follows the verb. May hold foreign text.
    public let object: String
    public let unit: Unit
    /// Whether a log has a line for its beginning and its end however short it is.
    public let isMajor: Bool
    /// The step that this one is a part of.
    public let parent: Step?
    /// Unique in this process.
    public let id: UInt64

    private let take: @Sendable (Reporter.Event) -> Void
    private let counter = Atomic<UInt64>(0)
    private let before = Atomic<UInt64>(0)
    /// `.max` stands for an unknown total.
    private let whole: Atomic<UInt64>

    private static let numbers = Atomic<UInt64>(0)

    init(
        _ activity: Activity, _ object: String, total: UInt64?, unit: Unit, isMajor: Bool, parent: Step?,
        _ take: @escaping @Sendable (Reporter.Event) -> Void
    ) {
        (self.activity, self.object, self.unit, self.isMajor) = (activity, object, unit, isMajor)
        (self.parent, self.take) = (parent, take)
        whole = Atomic(total ?? .max)
        id = Self.numbers.add(1, ordering: .relaxed).newValue
    }

    /// Bytes or items done, with those of ``skipped``.
    public var done: UInt64 { counter.load(ordering: .relaxed) }

    /// Those that were done before the step began, e.g. by an earlier run: they say nothing about its rate.
    public var skipped: UInt64 { before.load(ordering: .relaxed) }

    /// Bytes or items in all; nil when that is unknown.
    public var total: UInt64? {
        let total = whole.load(ordering: .relaxed)
        return total == .max ? nil : total
    }

    /// Counts what was done since the last call, here and in the step that this is a part of.
    public func add(_ count: some BinaryInteger) {
        counter.wrappingAdd(UInt64(count), ordering: .relaxed)
        if let parent, parent.unit == unit { parent.add(count) }
    }

    /// Sets what is done, e.g. after a part has to be done again.
    public func set(_ done: UInt64) {
        let old = counter.exchange(done, ordering: .relaxed)
        // Less than before is a sum that wraps.
        if let parent, parent.unit == unit { parent.counter.wrappingAdd(done &- old, ordering: .relaxed) }
    }

    /// Counts what was done before the step began.
    public func skip(_ count: UInt64) {
        before.add(count, ordering: .relaxed)
        counter.wrappingAdd(count, ordering: .relaxed)
        if let parent, parent.unit == unit { parent.skip(count) }
    }

    /// Tells the total once it is known.
    public func expect(_ total: UInt64) { whole.store(total, ordering: .relaxed) }

    /// Runs a part of this step, whose bytes or items count here as well.
    public func part<Value>(
        _ activity: Activity, _ object: String, total: UInt64? = nil, unit: Unit = .bytes,
        _ work: (Step) throws -> Value
    ) rethrows -> Value {
        try part(activity, object, total, unit).run(work)
    }

    /// Runs an asynchronous part, likewise.
    public func part<Value>(
        _ activity: Activity, _ object: String, total: UInt64? = nil, unit: Unit = .bytes,
        _ work: (Step) async throws -> Value
    ) async rethrows -> Value {
        try await part(activity, object, total, unit).run(work)
    }

    private func part(_ activity: Activity, _ object: String, _ total: UInt64?, _ unit: Unit) -> Step {
        Step(activity, object, total: total, unit: unit, isMajor: false, parent: self, take)
    }

    func run<Value>(_ work: (Step) throws -> Value) rethrows -> Value {
        take(.began(self))
        do {
            let value = try work(self)
            take(.ended(self, isDone: true))
            return value
        } catch {
            take(.ended(self, isDone: false))
            throw error
        }
    }

    func run<Value>(_ work: (Step) async throws -> Value) async rethrows -> Value {
        take(.began(self))
        do {
            let value = try await work(self)
            take(.ended(self, isDone: true))
            return value
        } catch {
            take(.ended(self, isDone: false))
            throw error
        }
    }
}
