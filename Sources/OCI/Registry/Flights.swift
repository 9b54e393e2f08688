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
