import Foundation
import TestSupport
import Testing

@testable import MobySpec

/// Reads one text of tests.
extension Reading {
    static func spec(_ text: String, file: String = "test.yml") throws -> Spec {
        try read(text, file: file).spec
    }

    static func read(_ text: String, file: String = "test.yml") throws -> (spec: Spec, warnings: [Diagnostic]) {
        do {
            return try SpecReader.read([SpecReader.Source(name: file, text: text, folder: "/nowhere")]) {
                "localhost/moby/\($0.text.split(separator: "/").last ?? ""):1"
            }
        } catch let error as SpecError {
            Issue.record("\(DiagnosticRenderer(sources: [file: text]).render(error.diagnostics))")
            throw error
        }
    }

    /// The errors of a text; none when it is fine.
    static func problems(_ text: String, file: String = "test.yml") -> [Diagnostic] {
        diagnostics(text, file: file).filter { $0.severity == .error }
    }

    /// The errors and warnings of a text.
    static func diagnostics(_ text: String, file: String = "test.yml") -> [Diagnostic] {
        do {
            return try SpecReader.read([SpecReader.Source(name: file, text: text, folder: "/nowhere")]) {
                "localhost/moby/\($0.text.split(separator: "/").last ?? ""):1"
            }.warnings
        } catch {
            return (error as? SpecError)?.diagnostics ?? []
        }
    }
}

extension Golden {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    static let project = URL(filePath: Program.root)

    /// Names of the `.yml` files of a folder, without the suffix.
    static func inputs(_ name: String) throws -> [String] {
        try TestFile.names(in: folder.appending(path: name).path).filter { $0.hasSuffix(".yml") }.map {
            String($0.dropLast(4))
        }
    }

    static func text(_ path: String) throws -> String { try TestFile.text(folder.appending(path: path).path) }
}

/// A key of a table, and a file to try its values in.
struct TableRow: CustomTestStringConvertible, Sendable {
    let table: String
    let row: KeyTableDescription.Row
    /// A whole file with a key of the row's table.
    let frame: String

    var testDescription: String { "\(table).\(row.name)" }
    func file(_ value: String, key: String? = nil) -> String {
        frame.replacing("%", with: "\(key ?? row.name): \(value)")
    }
}
