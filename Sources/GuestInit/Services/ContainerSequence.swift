internal import BootLayout
internal import Glibc

/// Runs the containers of a folder one after another: onboot, onshutdown.
struct ContainerSequence {
    /// For messages: `onboot`.
    let name: String
    let bundles: [Bundle]
    let environment: ContainerEnvironment
    /// Folder of the logs.
    let logs: String
    /// Containers write to the console itself.
    var showsOutput = false
    /// Ends the sequence early.
    var isCancelled: () -> Bool = { false }

    /// How long runc may take to start a container that has a time limit.
    private static let patience: Milliseconds = 30_000

    /// Runs all of them. What a failed one asks for is handed to `failed`, which says whether to go on.
    func perform(failed: (RuntimeRecord.OnFailure) -> Bool = { _ in true }) {
        for bundle in bundles where !isCancelled() {
            let start = environment.loop.now
            let (outcome, record, output) = run(bundle)
            let span = TimeText.seconds(environment.loop.now - start)
            if outcome.isSuccess {
                environment.console.say("\(name) \(bundle.name) ok (\(span))")
                continue
            }
            environment.console.say("\(name) \(bundle.name) failed: \(outcome.text) (\(span))")
            for line in output?.recentLines(limit: 20) ?? [] { environment.console.say("  \(bundle.name): \(line)") }
            guard failed(record.onFailure) else { return }
        }
    }

    private func run(_ bundle: Bundle) -> (ContainerRun.Outcome, RuntimeRecord, ContainerOutput?) {
        var record = RuntimeRecord()
        let preparation = environment.preparation(bundle)
        defer { preparation.undo(record) }
        do {
            record = try bundle.record()
            try preparation.perform(record)
            if showsOutput { return (run(bundle, record, files: (STDOUT_FILENO, STDERR_FILENO)), record, nil) }
            let output = try ContainerOutput(prefix: logs + "/" + bundle.name, loop: environment.loop)
            return (run(bundle, record, files: output.files, finished: output.closeWriters), record, output)
        } catch {
            return (.failed("\(error)"), record, nil)
        }
    }

    private func run(
        _ bundle: Bundle, _ record: RuntimeRecord, files: (Int32, Int32), finished: () -> Void = {}
    ) -> ContainerRun.Outcome {
        let loop = environment.loop
        let run = environment.run(bundle, record, output: files)
        var outcome: ContainerRun.Outcome?
        var isLate = false
        let limit = Milliseconds(record.timeout) * 1000
        // The container's time begins when it runs; runc has its own.
        var timer = limit > 0 ? loop.after(limit + Self.patience) { isLate = true } : 0
        run.start(
            running: { _ in
                loop.cancel(timer: timer)
                if limit > 0 { timer = loop.after(limit) { isLate = true } }
            }, ended: { outcome = $0 })
        loop.wait { outcome != nil || isLate || isCancelled() }
        loop.cancel(timer: timer)
        let isInTime = outcome != nil
        if !isInTime {
            run.destroy()
            loop.wait(until: loop.now + 5000) { outcome != nil }
        }
        finished()
        var isForgotten = false
        run.forget(sparingDaemons: isInTime) { isForgotten = true }
        loop.wait(until: loop.now + 5000) { isForgotten }
        guard isInTime, let outcome else { return .failed(isLate ? "not done within \(record.timeout) s" : "cut short") }
        return outcome
    }
}
