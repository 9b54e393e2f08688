/// Work that several ask for at once is done once.
actor Flights {
    private var underWay: [Digest: Task<Void, any Error>] = [:]

    /// Waits for the same work that is under way, or does it. Who waits is not cancelled with who began: the work is
    /// then done anew.
    func run(_ digest: Digest, _ work: @escaping @Sendable () async throws -> Void) async throws {
        while let task = underWay[digest] {
            if case .success = await task.result { return }
            try Task.checkCancellation()
            if underWay[digest] == task { underWay[digest] = nil }
        }
        let task = Task { try await work() }
        underWay[digest] = task
        defer { if underWay[digest] == task { underWay[digest] = nil } }
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}

/// Lets a few through at a time, first come, first served.
actor Gate {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(width: Int) { free = width }

    nonisolated func pass<Value: Sendable>(_ work: @Sendable () async throws -> Value) async throws -> Value {
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
