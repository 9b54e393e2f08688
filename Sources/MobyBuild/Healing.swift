internal import Extents
public import OCI
internal import Progress

/// Does work again after stored content was found damaged and removed, so that it is fetched or made once more.
public struct Healing: Sendable {
    private let store: ContentStore
    private let canRepeat: Bool
    /// Each round finds at least one more damaged file.
    private static let mostRounds = 16

    /// Work that failed on damaged content, and again after that was removed.
    struct Failure: HintedError, CustomStringConvertible {
        let first: any Error
        let last: any Error

        var description: String { "\(first)\n  then, while getting it again: \(last)" }
        var hint: String? { (last as? any HintedError)?.hint ?? (first as? any HintedError)?.hint }
    }

    /// - Parameter canRepeat: false for work that cannot be undone; what was damaged is removed all the same.
    public init(store: ContentStore, canRepeat: Bool = true) {
        self.store = store
        self.canRepeat = canRepeat
    }

    /// Runs `work`, which gets what it needs from the store, until it finds nothing damaged.
    /// - Throws: what `work` throws; when it found damage and cannot heal it, both that and the reason.
    public func run<Value>(_ work: () async throws -> Value) async throws -> Value {
        var (seen, rounds): (Int, Int) = (store.damage.count, 0)
        var first: (any Error)?
        while true {
            rounds += 1
            do {
                let value = try await work()
                guard try mend(since: &seen), canRepeat, rounds < Self.mostRounds else { return value }
            } catch {
                guard try mend(since: &seen), canRepeat, rounds < Self.mostRounds else {
                    if let first { throw Failure(first: first, last: error) }
                    throw error
                }
                first = first ?? error
            }
        }
    }

    /// Removes what was made from content that was found damaged.
    /// - Returns: whether the work must be done again.
    private func mend(since seen: inout Int) throws -> Bool {
        let found = Array(store.damage.dropFirst(seen))
        seen += found.count
        guard !found.isEmpty else { return false }
        for damage in found {
            store.progress.warn("'\(damage.file)' in the store is damaged and will be fetched or made again")
        }
        _ = try BuildCache(store: store).derived(from: found.compactMap(\.digest), remove: true)
        return true
    }
}
