internal import BootLayout
internal import Glibc
internal import GuestSystem

/// Runs the containers of a folder in turn: onboot, onshutdown.
struct ContainerSequence {
    /// For messages: `onboot`.
    let name: String
    let bundles: [Bundle]
    let environment: ContainerEnvironment
    /// Folder of the logs.
    let logs: String
    /// Seconds a container may run unless its record sets its own limit; 0 removes the limit.
    let defaultLimit: Int
    /// Containers write to the console itself.
    var writesToConsole = false
    /// Shows the output of every container when it ends, not only of those that failed.
    var printsOutput = false
    /// Ends the sequence early.
    var isCancelled: () -> Bool = { false }

    /// How much of the end of each output is shown on the console.
    private static let shown = 64 << 10

    /// Runs all of them. `failed` gets the policy of one that failed, and decides whether to go on.
    func perform(failed: (Bundle, RuntimeRecord.OnFailure) -> Bool = { _, _ in true }) {
        for bundle in bundles where !isCancelled() {
            let start = environment.loop.now
            let (outcome, record, output) = run(bundle)
            let span = TimeText.seconds(environment.loop.now - start)
            environment.timeline?.add("\(name) \(bundle.name)", from: start)
            let end = outcome.isSuccess ? "ok" : "failed: \(outcome.text)"
            environment.console.report("\(name) \(bundle.name) \(end) (\(span))")
            let lines = printsOutput ? output?.keptLines() : outcome.needsOutput ? output?.recentLines(limit: 20) : nil
            for line in lines ?? [] { environment.console.report("  \(bundle.name): \(line)") }
            if !outcome.isSuccess, !failed(bundle, record.onFailure) { return }
        }
    }

    private func run(_ bundle: Bundle) -> (ContainerRun.Outcome, RuntimeRecord, ContainerOutput?) {
        let record: RuntimeRecord
        do { record = try bundle.record() } catch { return (.hopeless("\(error)"), RuntimeRecord(), nil) }
        let preparation = environment.preparation(bundle)
        defer { preparation.undo(record) }
        do {
            try preparation.perform(record)
            if writesToConsole { return (run(bundle, record, files: (STDOUT_FILENO, STDERR_FILENO)), record, nil) }
            let output = try ContainerOutput(
                prefix: logs + "/" + bundle.name, name: "\(name) \(bundle.name)", environment: environment,
                kept: Self.shown)
            let outcome = run(bundle, record, files: output.files, finished: output.closeWriters)
            return (outcome.explained(by: output.recentLines(limit: 5), bundle), record, output)
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
        let seconds = record.timeout ?? defaultLimit
        let limit = seconds > 0 ? Milliseconds(seconds) * 1000 : nil
        func notice() -> WaitNotice { WaitNotice("\(name) \(bundle.name)", limit: limit, environment: environment) }
        var waiting = notice()
        var timer: Int?
        // The container's time starts when it runs; runc has its own limit.
        run.start(
            running: { _ in
                waiting.end()
                waiting = notice()
                if let limit { timer = loop.after(limit) { isLate = true } }
            }, ended: { outcome = $0 })
        loop.wait { outcome != nil || isLate || isCancelled() }
        waiting.end()
        if let timer { loop.cancel(timer: timer) }
        let isInTime = outcome != nil
        if !isInTime {
            run.destroy()
            loop.wait(until: loop.now + 5000) { outcome != nil }
        }
        finished()
        var isForgotten = false
        run.forget(sparingDaemons: isInTime) { isForgotten = true }
        loop.wait(until: loop.now + 5000) { isForgotten }
        guard isInTime, let outcome else { return .failed(isLate ? "timed out after \(seconds) s" : "interrupted") }
        return outcome
    }
}

/// What all containers of a machine share.
struct ContainerEnvironment {
    var runc: Runc
    var loop: EventLoop
    var console: GuestConsole
    /// Folder of the services' logs.
    var logs = "/var/log"
    /// Folder of pid files.
    var state = "/run/moby"
    /// How long runc may take for a call.
    var launchLimit: Milliseconds = 60_000
    /// Takes the time of the boot.
    var timeline: BootTimeline?
    /// The network links of containers.
    var links = NetworkLinks()
    /// Hears of logs that cannot be written.
    var logTrouble: LogTrouble?
    /// Loads the kernel module with this name or alias; false when there is none.
    var loadDriver: (String) -> Bool = { _ in false }

    func preparation(_ bundle: Bundle) -> Preparation { Preparation(bundle: bundle, loadDriver: loadDriver) }

    func run(_ bundle: Bundle, _ record: RuntimeRecord, output: (Int32, Int32), isRootFresh: Bool = true)
        -> ContainerRun
    {
        ContainerRun(bundle, record, environment: self, output: output, isRootFresh: isRootFresh)
    }
}
