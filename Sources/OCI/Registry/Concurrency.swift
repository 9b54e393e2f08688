/// Runs work once when several callers need the same at the same time.
package actor SingleFlight {
    package init() {}

    private var running: [Digest: Task<Void, any Error>] = [:]

    /// Waits for the same work of another caller, or does it. A caller that waits is not cancelled with the one that
    /// began: it then does the work itself.
    /// - Returns: whether this call did it.
    @discardableResult
    package func run(_ digest: Digest, _ work: @escaping @Sendable () async throws -> Void) async throws -> Bool {
        while let task = running[digest] {
            if case .success = await task.result { return false }
            try Task.checkCancellation()
            if running[digest] == task { running[digest] = nil }
        }
        let task = Task { try await work() }
        running[digest] = task
        defer { if running[digest] == task { running[digest] = nil } }
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
        return true
    }
}

/// Admits a few callers at a time, first come, first served.
package actor AsyncSemaphore {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    package init(width: Int) { free = width }

    package nonisolated func run<Value: Sendable>(_ work: @Sendable () async throws -> Value) async throws -> Value {
        await enter()
        do {
            try Task.checkCancellation()
            let value = try await work()
            await leave()
            return value
        } catch {
            await leave()
            throw error
        }
    }

    private func enter() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        guard waiting.isEmpty else { return waiting.removeFirst().resume() }
        free += 1
    }
}
