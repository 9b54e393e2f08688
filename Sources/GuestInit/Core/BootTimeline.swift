internal import BootLayout
internal import CInit
internal import GuestSystem

/// Takes the time of each part of the boot.
final class BootTimeline {
    private(set) var report = BootReport(start: Int(cinit_uptime()))
    /// Where the next part of PID 1's own work begins.
    private var last = Int(cinit_uptime())

    static let path = "/run/moby/boot.json"

    /// The work since the last mark.
    func mark(_ name: String) {
        let now = Int(cinit_uptime())
        if report.up == nil { report.steps.append(.init(name: name, start: last, end: now)) }
        last = now
    }

    /// Work that others did, from `start` until now.
    func add(_ name: String, from start: Milliseconds) {
        if report.up == nil { report.steps.append(.init(name: name, start: Int(start), end: Int(cinit_uptime()))) }
        last = Int(cinit_uptime())
    }

    /// The boot is complete.
    func end() throws(SystemError) {
        report.up = Int(cinit_uptime())
        try Files.write(report.text, to: Self.path, create: true)
    }

    /// `service boot`: a line for each part, with its beginning and its time.
    var table: String {
        var rows = [["START", "TIME", "STEP"], ["0.00 s", TimeText.seconds(Milliseconds(report.start)), "kernel"]]
        for step in report.steps {
            rows.append([
                TimeText.seconds(Milliseconds(step.start)), "\(step.end - step.start) ms", step.name,
            ])
        }
        if let up = report.up { rows.append([TimeText.seconds(Milliseconds(up)), "-", "up"]) }
        return ServiceTable.text(rows)
    }
}
