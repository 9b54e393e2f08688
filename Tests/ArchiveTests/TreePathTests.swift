import Archive
import Testing

@Suite struct TreePathTests {
    @Test(arguments: [
        ("a/b", "a/b"), ("/a", "a"), ("./a//b/", "a/b"), (".", ""), ("./", ""), ("/.", ""), ("//", ""), ("", ""),
        ("a/./b", "a/b"),
        ("..a/b..", "..a/b.."), (#"..\..\x"#, #"..\..\x"#), (#"C:\x"#, #"C:\x"#),
    ])
    func namesBecomePaths(name: String, path: String) {
        #expect(TreePath(name.utf8)?.description == path)
    }

    @Test(arguments: ["..", "../a", "a/..", "a/../b", "/..", "a\0b"])
    func unsafeNamesAreNone(name: String) {
        #expect(TreePath(name.utf8) == nil)
    }

    @Test func directoriesStandRightBeforeWhatTheyHold() {
        let names = ["", "a", "a/b", "a/b/c", "a/bb", "a-b", "a.b", "ab"]
        #expect(names.compactMap { TreePath($0.utf8) }.shuffled().sorted().map(\.description) == names)
    }

    @Test func partsAreFound() {
        let path = TreePath("a/b/c")
        #expect(path.parent == TreePath("a/b"))
        #expect(Array(path.name) == Array("c".utf8))
        #expect(TreePath("a").parent.isRoot)
        #expect(path.isInside(TreePath("a/b")) && path.isInside(.root) && path.isInside(path))
        #expect(!path.isInside(TreePath("a/b/c/d")) && !TreePath("ab").isInside(TreePath("a")))
    }
}
