internal import ArgumentParser
internal import Extents
internal import MobyBuild

struct Formats: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "formats", abstract: "List the output formats of 'moby build --format'.",
        usage: "moby formats [--json]")

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Print JSON.") var json = false

    /// One format, for programs.
    private struct Row: Encodable {
        let name: String
        /// Names of 2017.
        let aliases: [String]
        let files: [String]
        let firmware: String
        let medium: String
        let summary: String
    }

    func run() throws {
        let rows = OutputFormat.all.filter(\.isAvailable).map {
            Row(
                name: $0.name, aliases: $0.aliases, files: $0.fileNames, firmware: $0.firmware.text,
                medium: $0.medium.rawValue,
                summary: $0.summary)
        }
        if json { return print(String(decoding: try JSONText.pretty(rows), as: UTF8.self)) }
        let lines =
            [["FORMAT", "ALSO", "FIRMWARE", "FILES", "FOR"]]
            + rows.map {
                let also = $0.aliases.isEmpty ? "-" : $0.aliases.joined(separator: " ")
                return [$0.name, also, $0.firmware, $0.files.joined(separator: " "), $0.summary]
            }
        let widths = (0..<4).map { column in lines.map { $0[column].count }.max() ?? 0 }
        for line in lines {
            let cells = zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            print((cells + [line[4]]).joined(separator: "  "))
        }
        Terminal.error("every build of X also writes \(BuildRecord.fileName("X"))")
        Terminal.error(
            "when formats share a file name, the first keeps it and the others' files begin with X-FORMAT")
        for (name, instead) in OutputFormat.unsupported.sorted(by: { $0.key < $1.key }) {
            Terminal.error("\(name) is not supported: \(instead)")
        }
    }
}
