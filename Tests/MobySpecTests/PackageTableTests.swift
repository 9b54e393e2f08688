import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import MobySpec

/// The keys of `build.yml`, each through its own example.
@Suite struct PackageTableTests {
    static let rows: [TableRow] = KeyTable.package.description.reachable.flatMap { table in
        table.rows.compactMap { row in
            switch table.name {
            case "package":
                return TableRow(table: table.name, row: row, frame: row.name == "image" ? "{%}" : "{%, image: a}")
            case "package.kernel":
                let package = row.name == "package" ? "" : ", package: a"
                return TableRow(table: table.name, row: row, frame: "{image: a, kernel: {%\(package)}}")
            case "package.files":
                let target = ["path", "paths"].contains(row.name) ? "" : ", path: a"
                let content = PackageFileDraft.contentKeys.contains(row.name) ? "" : ", contents: b"
                return TableRow(table: table.name, row: row, frame: "{image: a, files: [{%\(target)\(content)}]}")
            default: return nil
            }
        }
    }

    private static func errors(_ text: String) -> [Diagnostic] {
        do {
            _ = try PackageSpecReader.read(text, file: "build.yml")
            return []
        } catch { return (error as? SpecError)?.diagnostics ?? [] }
    }

    @Test(arguments: rows) func exampleIsReadAndWrittenAndReadAgain(_ row: TableRow) throws {
        let json = KeyTable.package.write(try PackageSpecReader.read(row.file(row.row.example), file: "a")).text()
        #expect(json.contains("\"\(row.row.name)\":"), "\(json)")
        #expect(KeyTable.package.write(try PackageSpecReader.read(json, file: "b")).text() == json)
    }

    @Test(arguments: rows) func misspelledKeyIsReported(_ row: TableRow) {
        let name = String(row.row.name.dropLast()) + "QQ"
        let errors = Self.errors(row.file(row.row.example, key: name))
        #expect(errors.contains { $0.message.hasPrefix("unknown key '\(name)' ") && $0.hint != nil }, "\(errors)")
    }

    @Test(arguments: rows) func wrongTypeIsReported(_ row: TableRow) {
        let isMapping = if case .map = row.row.shape { true } else { row.row.shape.table != nil }
        let errors = Self.errors(row.file(isMapping ? "[[]]" : "{a: {b: [c]}}"))
        #expect(errors.contains { $0.message.contains("expected") || $0.message.contains("has no") }, "\(errors)")
    }

    /// The repository's packages and every example satisfy the schema that editors apply, wrong ones do not.
    @Test func schemaAcceptsWhatTheReaderAccepts() throws {
        let folders = try TestFile.names(in: Golden.project.appending(path: "pkg").path)
        let files = folders.sorted().filter { !$0.contains(".") }.map { "pkg/\($0)/build.yml" } + ["kernel/build.yml"]
        var texts = try files.map {
            String(decoding: try Data(contentsOf: Golden.project.appending(path: $0)), as: UTF8.self)
        }
        #expect(texts.count > 12)
        texts += Self.rows.map { $0.file($0.row.example) }
        let wrong = [
            "{}", "{imag: a}", "{image: a, package: [x]}", "{image: a, packages: nginx}", "{image: a, kernel: {}}",
            "{image: a, config: {nett: host}}", "{image: a, files: [{path: a, contents: b, mode: 420}]}",
            "{image: a, kernel: {package: a, modules: some}}",
        ]
        #expect(texts.flatMap(Self.errors) == [])
        #expect(wrong.filter { Self.errors($0).isEmpty } == [])
        let found = try SchemaTests.errors((texts + wrong).map(SchemaTests.document), in: SpecSchema.package)
        #expect(found.prefix(texts.count).allSatisfy { $0 == 0 }, "\(found)")
        #expect(found.dropFirst(texts.count).allSatisfy { $0 > 0 }, "\(found)")
    }
}
