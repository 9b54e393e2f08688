internal import ArgumentParser
internal import Extents
internal import MobyBuild

struct Formats: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "formats", abstract: "List the output formats of 'moby build --format'.",
        usage: "moby formats [-v] [--json]",
        discussion: HelpText.discussion(
            "With -v: also names of 2017, and the files of a build named X.",
            examples: ["moby formats", "moby build --format iso,qcow2 web.yml"], page: "docs/formats.md"))

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
        let isWide = global.level > 1
        var table = TextTable(
            [("FORMAT", .left), ("FIRMWARE", .left)] + (isWide ? [("ALSO", .left), ("FILES", .left)] : [])
                + [("FOR", .left)])
        for row in rows {
            let also = row.aliases.isEmpty ? "-" : row.aliases.joined(separator: " ")
            let names = isWide ? [also, row.files.joined(separator: " ")] : []
            table.add([row.name, row.firmware] + names + [row.summary])
        }
        for line in table.lines { print(line) }
        guard global.level > 0 else { return }
        if !isWide { Terminal.error("'moby formats -v' also prints the files of each", .note) }
        Terminal.error("every build of X also writes \(BuildRecord.fileName("X"))", .note)
        Terminal.error("when two share a file name, the first keeps it, the other begins with X-FORMAT", .note)
        for (name, instead) in OutputFormat.unsupported.sorted(by: { $0.key < $1.key }) {
            Terminal.error("\(name) is not supported:\n  \(instead)", .note)
        }
    }
}
