internal import HTTP

extension Compute {
    /// Waits for the end of a change; it is asked for less and less often.
    /// - Parameter limit: of time.
    /// - Throws: ``GoogleError`` when it did not come to a good end, or not in time.
    public func wait(
        for operation: Operation, in scope: Scope, _ title: String, limit: Duration = .seconds(600),
        progress: (@Sendable (Int) -> Void)? = nil
    ) async throws {
        var current = operation
        var (waited, pause) = (Duration.zero, Duration.seconds(1))
        while !current.isDone {
            guard waited < limit else {
                throw GoogleError(
                    title, "not done after \(limit.components.seconds) s",
                    hint: "look at it: gcloud compute operations describe \(current.name)")
            }
            try await client.retries.sleep(pause)
            waited += pause
            pause = min(pause * 3 / 2, .seconds(10))
            current = try await client.send(calls.operation(current.name, of: scope, title), as: Operation.self)
            if let percent = current.progress { progress?(percent) }
        }
        if let fault = current.fault(title) { throw fault }
    }

    /// Does a change and waits for its end.
    public func run(_ call: APICall, in scope: Scope, limit: Duration = .seconds(600)) async throws {
        try await wait(for: try await begin(call), in: scope, call.title, limit: limit)
    }
}
