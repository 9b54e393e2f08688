public import Extents
internal import Synchronization

/// What a run has created in a cloud, so that a run that ends early can remove it, and name what it cannot.
public final class CloudLedger<Action: Sendable>: Sendable {
    private struct Entry: Sendable {
        let resource: CloudResource<Action>
        /// Waits for the end of its creation, however that ends; nil when it has ended.
        var settle: (@Sendable () async -> Void)?
    }

    private struct State {
        /// In order of creation.
        var entries: [Entry] = []
        /// What cannot be restored.
        var lost: [String] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// The names of resources that are not committed.
    public var names: [String] { state.withLock { $0.entries.map(\.resource.name) } }

    /// Enters a resource before it is asked for: the request of an answer that gets lost may have been carried out.
    /// - Parameter isReplaced: it existed before, and is not removed.
    func begin(_ resource: CloudResource<Action>, isReplaced: Bool) {
        guard !isReplaced else {
            return note("\(resource.name), which existed before and may have the new contents now")
        }
        state.withLock { $0.entries.append(Entry(resource: resource)) }
    }

    /// Says how to wait for the creation that began last; nil when it has ended.
    public func setPending(_ settle: (@Sendable () async -> Void)?) {
        state.withLock { if !$0.entries.isEmpty { $0.entries[$0.entries.count - 1].settle = settle } }
    }

    /// Takes a resource out: it is kept, or was never created.
    public func commit(_ name: String) { state.withLock { $0.entries.removeAll { $0.resource.name == name } } }

    func commitAll(but name: String?) {
        state.withLock {
            $0.entries.removeAll { $0.resource.name != name }
            $0.lost = []
        }
    }

    func note(_ loss: String) { state.withLock { $0.lost.append(loss) } }

    /// The error itself when nothing has changed in the cloud, else what became of the changes.
    func failure(
        after cause: any Error, _ remove: @escaping @Sendable (CloudResource<Action>) async throws -> Bool
    ) async -> any Error {
        let isUnchanged = state.withLock { $0.entries.isEmpty && $0.lost.isEmpty }
        return isUnchanged && !(cause is CancellationError) ? cause : await rollBack(after: cause, remove)
    }

    /// Removes resources that are not committed, the last first, in a task of its own: that of the run may be
    /// cancelled.
    func rollBack(
        after cause: (any Error)?, _ remove: @escaping @Sendable (CloudResource<Action>) async throws -> Bool
    ) async -> CloudFailure {
        let (entries, lost) = state.withLock { ($0.entries.reversed(), $0.lost) }
        return await Task {
            var (removed, left): ([String], [String]) = ([], [])
            for entry in entries {
                let resource = entry.resource
                if let reason = resource.reasonToKeep {
                    left.append("\(resource.name), \(reason); delete it with: \(resource.command)")
                    continue
                }
                do {
                    // A resource that is still being created cannot be deleted yet.
                    await entry.settle?()
                    if try await remove(resource) { removed.append(resource.name) }
                    commit(resource.name)
                } catch { left.append("\(resource.name): \(error); delete it with: \(resource.command)") }
            }
            return CloudFailure(cause: cause, removed: removed, left: left, lost: lost)
        }.value
    }
}

/// A run that ended early: why, and what became of what it had created.
public struct CloudFailure: HintedError, CustomStringConvertible, Sendable {
    /// What went wrong; nil when only the cleanup did.
    public let cause: (any Error)?
    public let removed: [String]
    /// What could not be removed: what, why, and the command that removes it.
    public let left: [String]
    /// What existed before and was deleted or overwritten.
    public let lost: [String]

    public var isInterrupted: Bool { cause is CancellationError }

    public var hint: String? { (cause as? any HintedError)?.hint }

    public var description: String {
        var lines = [cause.map { isInterrupted ? "interrupted" : "\($0)" } ?? "cleanup incomplete"]
        if !removed.isEmpty { lines.append("cleaned up: \(removed.joined(separator: ", "))") }
        lines += left.map { "left behind: \($0)" } + lost.map { "not restored: \($0)" }
        return lines.joined(separator: "\n  ")
    }
}
