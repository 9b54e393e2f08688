internal import ArgumentParser
internal import Extents

/// Manual pages in man(7)'s language, one for each command, from the same tree as `--help`.
struct ManPages: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "man-pages", abstract: "Write the manual pages into a folder.", shouldDisplay: false)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The folder, such as share/man/man1.", completion: .directory) var folder: String

    func run() throws {
        for (name, text) in Self.pages(of: try CommandTree.read(), [], Moby.self) {
            try ExtentWriter.write(Array(text.utf8), to: "\(folder)/\(name).1")
        }
    }

    /// The pages of a command and of those below it.
    static func pages(of tree: CommandTree, _ parents: [String], _ type: any ParsableCommand.Type) -> [(String, String)]
    {
        let below = (tree.subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
        let path = parents + [tree.commandName]
        let types = type.configuration.subcommands
        let page = ManPage(tree, path, usage: type.configuration.usage ?? Moby.usageString(for: type), below).text
        return [(path.joined(separator: "-"), page)]
            + below.flatMap { command in
                types.first { $0._commandName == command.commandName }.map { pages(of: command, path, $0) } ?? []
            }
    }
}

/// One manual page.
private struct ManPage {
    private(set) var text = ""

    init(_ tree: CommandTree, _ path: [String], usage: String, _ below: [CommandTree]) {
        let name = path.joined(separator: "-")
        // The version, and no date: the same sources make the same bytes.
        line(".TH \(name.uppercased()) 1 \"\" \"moby \(Version.text)\" \"moby\"")
        section("NAME")
        line("\(Self.escaped(name)) \\- \(Self.escaped(Self.withoutDot(tree.abstract ?? "")))")
        section("SYNOPSIS")
        for usage in usage.split(separator: "\n") {
            line(".nf\n\(Self.escaped(Self.withoutPrefix(usage)))\n.fi")
        }
        if let discussion = tree.discussion { paragraphs("DESCRIPTION", discussion) }
        if !below.isEmpty { section("COMMANDS") }
        for command in below {
            item("\\fB\((path + [command.commandName]).joined(separator: "\\-"))\\fR(1)", command.abstract)
        }
        let shown = (tree.arguments ?? []).filter(\.shouldDisplay)
        let positional = shown.filter { $0.kind == "positional" }
        if !positional.isEmpty { section("ARGUMENTS") }
        for argument in positional { item("\\fI\(Self.escaped(argument.valueName ?? ""))\\fR", argument.abstract) }
        let options = shown.filter { $0.kind != "positional" }
        if !options.isEmpty { section("OPTIONS") }
        for option in options { item(Self.names(of: option), option.abstract) }
        section("SEE ALSO")
        let parent = path.count > 1 ? "\\fB\(path.dropLast().joined(separator: "\\-"))\\fR(1), " : ""
        line("\(parent)the pages in \\fI/usr/share/doc/moby\\fR, and \\fBmoby help\\fR.")
    }

    private static func names(of option: CommandTree.Option) -> String {
        let names = option.shortNames.map { "-\($0)" } + option.longNames.map { "--\($0)" }
        let value = option.takesValue ? " \\fI\(escaped(option.valueName ?? "value"))\\fR" : ""
        return names.map { "\\fB\(escaped($0))\\fR" }.joined(separator: ", ") + value
    }

    private mutating func section(_ name: String) { line(".SH \(name)") }

    private mutating func item(_ term: String, _ text: String?) {
        line(".TP\n\(term)\n\(Self.escaped(text ?? ""))")
    }

    private mutating func paragraphs(_ name: String, _ text: String) {
        section(name)
        var isTable = false
        for paragraph in text.split(separator: "\n") {
            // Lists of topics and examples keep their columns.
            let isRow = paragraph.hasPrefix("  ") || paragraph.hasPrefix("Example") || paragraph.hasPrefix("Page: ")
            if isRow != isTable { line(isRow ? ".PP\n.nf" : ".fi") }
            line(isRow ? Self.escaped(paragraph) : ".PP\n\(Self.escaped(paragraph))")
            isTable = isRow
        }
        if isTable { line(".fi") }
    }

    private mutating func line(_ text: String) { self.text += text + "\n" }

    private static func withoutPrefix(_ usage: Substring) -> Substring {
        let usage = usage.drop { $0 == " " }
        return usage.lowercased().hasPrefix("usage: ") ? usage.dropFirst(7) : usage
    }

    private static func withoutDot(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }

    /// Text in which nothing is a request or an escape.
    private static func escaped(_ text: some StringProtocol) -> String {
        let escapes: [Character: String] = [
            "\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "~": "\\(ti", "^": "\\(ha",
        ]
        let safe = text.map { escapes[$0] ?? String($0) }.joined()
        return safe.hasPrefix(".") ? "\\&" + safe : safe
    }
}
