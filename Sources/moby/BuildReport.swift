internal import Extents
internal import MobyBuild

/// What a build says when it is done: results to standard output, the rest to standard error.
struct BuildReport {
    private let result: BuildResult

    init(_ result: BuildResult) { self.result = result }

    func print(level: Int) {
        guard level > 0 else { return }
        Self.note(result.notes, level: level)
        if level > 1 {
            for segment in result.segments {
                let state = segment.isHit ? "cached " : "encoded"
                let sizes = "\(Self.column(segment.bytes.length)) of \(Self.column(segment.record.unpacked))"
                let role = segment.key.role.rawValue
                Terminal.error(
                    "  \(state) \(sizes)  \(role)\(String(repeating: " ", count: max(0, 9 - role.count)))\(PlainText.short(segment.title))"
                )
            }
            for timing in result.timings { Terminal.error("  \(Terminal.seconds(timing.duration))  \(timing.step)") }
        }
        for file in result.files { Terminal.output("\(file.path)  \(Terminal.size(file.size))\n") }
        let hits = result.segments.filter(\.isHit).count
        Terminal.error(
            "\(result.segments.count) segments (\(hits) cached), \(Terminal.size(result.unpacked)) unpacked, "
                + "boots with \(result.minMemory) MiB of memory or more")
        if result.isRootInMemory, result.minMemory >= Self.muchMemory {
            Terminal.error("  hint: the whole root is in memory; the format kernel+erofs leaves it on a disk")
        }
    }

    /// What is not as one may think, to standard error.
    static func note(_ notes: [String], level: Int) {
        guard level > 0 else { return }
        for note in notes { Terminal.error("note: \(note)") }
    }

    /// From here on, in MiB, a build says how to need less.
    private static let muchMemory = 1024

    private static func column(_ bytes: UInt64) -> String {
        let text = Terminal.size(bytes)
        return String(repeating: " ", count: max(0, 9 - text.count)) + text
    }
}
