import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import MobySpec

/// What is made of the tables: the page and the schema.
@Suite struct ReferenceTests {
    @Test func pageIsTheOneThatIsCommitted() throws {
        #expect(
            try Golden.difference(SpecReference.markdown, at: Golden.project.appending(path: "docs/spec.md").path)
                == nil)
    }

    @Test func pageOfPackagesIsTheOneThatIsCommitted() throws {
        let page = Golden.project.appending(path: "docs/package-spec.md").path
        #expect(try Golden.difference(SpecReference.package, at: page) == nil)
    }

    @Test(arguments: [SpecReference.markdown, SpecReference.package]) func everyLinkOfThePageLeadsSomewhere(
        _ page: String
    ) {
        // GitHub's rule: lower case, without punctuation.
        let headings = Set(
            page.split(separator: "\n").filter { $0.hasPrefix("## ") }.map {
                $0.dropFirst(3).lowercased().filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
            })
        let links = page.matches(of: #/\]\(#([^)]*)\)/#).map { String($0.output.1) }
        #expect(!links.isEmpty)
        #expect(links.filter { !headings.contains($0) } == [])
    }

    @Test func schemaIsTheOneThatIsCommitted() throws {
        #expect(try Golden.difference(SpecSchema.json().text(indent: 2) + "\n", "schema.txt") == nil)
    }
}
