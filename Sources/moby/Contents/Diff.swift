internal import ArgumentParser
internal import Extents
internal import JSON
internal import MobyInspect

struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare two built machines: kernel, images, packages, files, sizes.",
        usage: "moby diff [options] <record|artifact|prefix> <record|artifact|prefix>",
        discussion: HelpText.discussion(
            """
            Lines begin with + for what only the second has, - for what only the first has, and ~ for what changed. Versions of packages come from \
            the SBOM, images from the record. Exit code 1 when the machines differ.
            """,
            examples: ["moby diff old/web new/web", "moby diff --json old/web.iso new/web.iso"], page: "docs/sbom.md"))

    /// Files in the text; JSON has all.
    private static let limit = 200

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "A build's record, an artifact, or a build's prefix.", completion: .file()) var first: String
    @Argument(help: "The same, to compare it with.", completion: .file()) var second: String

    /// One thing that is not the same.
    private struct Change {
        let name: String
        let before: String?
        let after: String?

        var mark: String { before == nil ? "+" : after == nil ? "-" : "~" }
        var text: String {
            let values = [before, after].compactMap(\.self).joined(separator: " -> ")
            return "  \(mark) \(PlainText.short(name))" + (values.isEmpty ? "" : "  \(PlainText.short(values))")
        }
        var json: JSONValue {
            .object([
                ("name", .string(name)), ("before", before.map { .string($0) } ?? .null),
                ("after", after.map { .string($0) } ?? .null),
            ])
        }
    }

    func run() throws {
        let (old, new) = (try MachineContents(first), try MachineContents(second))
        let line =
            old.commandLine == new.commandLine
            ? [] : [Change(name: "command line", before: old.commandLine, after: new.commandLine)]
        let kernel =
            old.kernel == new.kernel ? [] : [Change(name: "kernel", before: old.kernel, after: new.kernel)]
        let sections: [(name: String, changes: [Change])] = [
            ("kernel", kernel + line), ("images", Self.changes(old.images, new.images)),
            ("packages", Self.changes(old.packages, new.packages)), ("files", try Self.files(old, new)),
            (
                "sizes",
                Self.changes(old.sizes.mapValues { Terminal.size($0) }, new.sizes.mapValues { Terminal.size($0) })
            ),
        ]
        if json {
            print(JSONValue.object(sections.map { ($0.name, .array($0.changes.map(\.json))) }).text(indent: 2))
        } else {
            for section in sections where !section.changes.isEmpty {
                print("\(section.name): \(section.changes.count) changed")
                for change in section.changes.prefix(Self.limit) { print(change.text) }
                if section.changes.count > Self.limit {
                    print("  and \(section.changes.count - Self.limit) more: --json lists all")
                }
            }
        }
        guard sections.allSatisfy(\.changes.isEmpty) else { throw ExitCode(1) }
        if !json { print("no differences") }
    }

    private static func changes(_ old: [String: String], _ new: [String: String]) -> [Change] {
        Set(old.keys).union(new.keys).sorted().compactMap { name in
            old[name] == new[name] ? nil : Change(name: name, before: old[name], after: new[name])
        }
    }

    private static func files(_ old: MachineContents, _ new: MachineContents) throws -> [Change] {
        try Set(old.files.keys).union(new.files.keys).sorted().compactMap { path in
            let (before, after) = (old.files[path], new.files[path])
            if let before, let after, try before.isSame(as: after) { return nil }
            func size(_ file: MachineContents.File?) -> String? {
                file.map { $0.file.kind == .regular ? Terminal.size($0.file.size) : String($0.file.kind.rawValue) }
            }
            return Change(name: path, before: size(before), after: size(after))
        }
    }
}
