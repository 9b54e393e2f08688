internal import Extents
internal import JSON
internal import MobyBuild
internal import MobySpec

/// Prints a build's results to standard output, the rest to standard error.
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
        if !result.documents.isEmpty {
            Terminal.error("about the build: \(result.documents.map { PlainText.short($0) }.joined(separator: ", "))")
        }
        let hits = result.segments.filter(\.isHit).count
        Terminal.error(
            "\(result.segments.count) segments (\(hits) cached), \(Terminal.size(result.unpacked)) unpacked, "
                + "needs at least \(result.minMemory) MiB of memory")
        if let shared = result.shared { Terminal.error(shared.text) }
        if result.isRootInMemory, result.minMemory >= Self.muchMemory {
            Terminal.error("  hint: the whole root is in memory; format kernel+erofs keeps it on a disk")
        }
    }

    /// The result for programs; docs/command-line.md lists the members.
    /// - Parameter warnings: those about the text of the spec.
    func json(name: String, _ spec: Spec, warnings: [Diagnostic]) -> JSONValue {
        let files = result.files.map { file in
            JSONValue.object([
                ("path", .string(file.path)), ("size", .integer(file.size)), ("format", .string(file.format)),
            ])
        }
        let segments = result.segments.map { segment in
            JSONValue.object([
                ("role", .string(segment.key.role.rawValue)), ("source", .string(segment.title)),
                ("size", .integer(segment.bytes.length)), ("unpacked", .integer(segment.record.unpacked)),
                ("cached", .bool(segment.isHit)),
            ])
        }
        let timings = result.timings.map { timing in
            JSONValue.object([
                ("step", .string(timing.step)),
                ("seconds", .number(SizeText.decimals(timing.duration / .seconds(1), 3))),
            ])
        }
        let variables = spec.variables.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
        let findings = (warnings + result.warnings).map { DiagnosticReport.Finding($0) }
        return .object(
            [
                ("name", .string(name)), ("files", .array(files)),
                ("documents", .strings(result.documents)), ("segments", .array(segments)),
                ("unpacked", .integer(result.unpacked)), ("minMemoryMiB", .integer(result.minMemory)),
                ("variables", .object(variables)),
                ("diagnostics", DiagnosticReport(findings).json["diagnostics"] ?? .null),
                ("notes", .strings(result.notes)), ("timings", .array(timings)),
            ] + (result.shared.map { [("sharedCache", $0.json)] } ?? []))
    }

    /// Prints notes to standard error.
    static func note(_ notes: [String], level: Int) {
        guard level > 0 else { return }
        for note in notes { Terminal.error("note: \(note)", .note) }
    }

    /// From this many MiB on, a build prints how to need less.
    private static let muchMemory = 1024

    private static func column(_ bytes: UInt64) -> String {
        let text = Terminal.size(bytes)
        return String(repeating: " ", count: max(0, 9 - text.count)) + text
    }
}
