import Foundation
import Testing

@testable import MobyPackage

/// docs/packages.md against the reader.
@Suite struct DocumentationTests {
    private static var page: String {
        get throws {
            let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/packages.md")
                .standardizedFileURL
            return try String(contentsOf: file, encoding: .utf8)
        }
    }

    /// A section's rows, by the key in their first column.
    private static func keys(of heading: String) throws -> [String] {
        let section = try page.components(separatedBy: "\n## ").first { $0.hasPrefix(heading) } ?? ""
        return section.matches(of: /\n\| `([a-z]+)` \|/).map { String($0.1) }
    }

    @Test func everyKeyHasARow() throws {
        #expect(try Self.keys(of: "Keys").sorted() == PackageSpecReader.keys.sorted())
        #expect(try Self.keys(of: "Files").sorted() == PackageSpecReader.fileKeys.sorted())
        #expect(try Self.keys(of: "Kernels").sorted() == PackageSpecReader.kernelKeys.sorted())
    }

    @Test func examplesAreTaken() throws {
        let examples = try Self.page.matches(of: /```yaml\n((?s).*?)```/).map { String($0.1) }
        #expect(examples.count == 2)
        for example in examples { _ = try PackageSpecReader.read(example, file: "docs/packages.md") }
    }
}
