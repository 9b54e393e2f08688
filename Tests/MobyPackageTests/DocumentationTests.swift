import Foundation
import MobySpec
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

    @Test func examplesAreTaken() throws {
        let examples = try Self.page.matches(of: /```yaml\n((?s).*?)```/).map { String($0.1) }
        #expect(examples.count == 2)
        for example in examples { _ = try PackageSpecReader.read(example, file: "docs/packages.md") }
    }

    /// The table has every system image, in alphabetical order, with a size and what its test proves.
    @Test func tableHasEverySystemImage() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
        let names = try Installation(executable: "/none/bin/moby", environment: ["MOBY_SHARE": root.path]).names()
        let rows = try Self.page.matches(of: /(?m)^\| `([^`]+)` \| (.+) \| ([0-9.]+|–) \| (.+) \|$/)
        #expect(rows.map { String($0.1) } == names)
    }
}
