import Archive
import MobySpec
import Testing

@testable import MobyBuild

struct OverlapCheckTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        let first: [(String, Workshop.Entry)]
        let second: [(String, Workshop.Entry)]
        let problems: [String]
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "sameFile", first: [("a", .file("1"))], second: [("a", .file("2"))], problems: []),
        Case(name: "fileOverLink", first: [("a", .link("b"))], second: [("a", .file("2"))], problems: []),
        Case(
            name: "sameDirectory", first: [("a", .directory())],
            second: [("a", .directory(mode: 0o700)), ("a/b", .file(""))], problems: []),
        Case(
            name: "directoryOverLink", first: [("usr", .directory()), ("lib", .link("usr/lib"))],
            second: [("lib", .directory())],
            problems: ["'/lib' is a symbolic link to 'usr/lib' in 'one' and a directory in 'two'"]),
        Case(
            name: "fileOverDirectory", first: [("a", .directory()), ("a/b", .file(""))], second: [("a", .file(""))],
            problems: ["'/a' is a directory in 'one' and a file in 'two'"]),
        Case(
            name: "oneNameOfTwo", first: [("a", .file("1")), ("b", .hard("a"))], second: [("a", .file("2"))],
            problems: ["'/a' of 'two' overwrites a file of 'one' that is also '/b'"]),
        Case(
            name: "bothNamesAsOneFile", first: [("a", .file("1")), ("b", .hard("a"))],
            second: [("a", .file("2")), ("b", .hard("a"))],
            problems: []),
        Case(
            name: "bothNamesAsTwoFiles", first: [("a", .file("1")), ("b", .hard("a"))],
            second: [("a", .file("2")), ("b", .file("3"))],
            problems: [
                "'/a' of 'two' overwrites a file of 'one' that is also '/b'",
                "'/b' of 'two' overwrites a file of 'one' that is also '/a'",
            ]),
    ]

    @Test(arguments: cases) func overlap(_ test: Case) throws {
        var check = OverlapCheck()
        check.add(RootListing(try Workshop.tree(test.first)), from: "one", at: nil)
        check.add(
            RootListing(try Workshop.tree(test.second)), from: "two",
            at: SourceLocation(file: "web.yml", line: 3, column: 5))
        #expect(check.problems.map(\.message) == test.problems)
        #expect(check.problems.allSatisfy { $0.location?.line == 3 && $0.hint != nil })
    }

    @Test func listingSurvivesItsText() throws {
        let tree = try Workshop.tree([
            ("a\nb", .file("1", mode: 0o755)), ("c", .hard("a\nb")), ("d", .link("../ä")), ("e", .directory()),
        ])
        let listing = RootListing(tree)
        #expect(RootListing(text: listing.text)?.entries == listing.entries)
        #expect(listing.entries.count == 4)
        #expect(RootListing(text: Array("nonsense".utf8)) == nil)
        #expect(RootListing(text: [])?.entries == [])
    }

    @Test(
        arguments: [
            ("lib/modules/x", "usr/lib/modules/x"), ("var/run/x", "run/x"), ("lib", "lib"), ("up/x", "x"),
            ("none/x", "none/x"),
            ("loop/x", nil),
        ] as [(String, String?)])
    func linksAreFollowed(_ path: String, _ expected: String?) throws {
        var state = RootState()
        let tree = try Workshop.tree([
            ("lib", .link("usr/lib")), ("var", .directory()), ("var/run", .link("/run")), ("up", .link("var/..")),
            ("loop", .link("loop")),
        ])
        state.unpack(RootListing(tree), from: "one")
        #expect(state.resolvingParents(try #require(TreePath(path.utf8)))?.description == expected)
    }
}
