import Archive
import Extents
import MobyBuild
import MobySpec
import Testing

@testable import MobyPackage

@Suite struct UsrMergeTests {
    @Test(arguments: [
        ("bin/sh", "usr/bin/sh"), ("sbin/init", "usr/sbin/init"), ("lib/x", "usr/lib/x"),
        ("lib64/ld.so", "usr/lib64/ld.so"),
        ("bin", "usr/bin"),
        ("usr/bin/x", "usr/bin/x"), ("etc/lib", "etc/lib"), ("library/x", "library/x"), ("", ""),
    ])
    func pathsMove(path: String, merged: String) throws {
        #expect(UsrMerge.merged(try #require(TreePath(path.utf8))).description == merged)
    }

    @Test(arguments: [
        ("lib/x/a", "b", "b"), ("lib/x/a", "../../usr/lib/b", "/usr/lib/b"), ("lib/x/a", "../y/b", "/usr/lib/y/b"),
        ("lib/a", "/lib/b", "/lib/b"),
        ("usr/lib/a", "../../lib/b", "../../lib/b"),
    ])
    func linksStillPointToTheirTarget(path: String, target: String, expected: String) throws {
        let moved = UsrMerge.target(Array(target.utf8), ofLinkAt: try #require(TreePath(path.utf8)))
        #expect(String(decoding: moved, as: UTF8.self) == expected)
    }
}

@Suite struct PackageTreeTests {
    @Test func packagesShareFoldersAndKeepHardLinks() throws {
        var first = FileTree()
        first.put("bin/a", "text")
        let isLinked = first.link(TreePath("bin/b"), to: TreePath("bin/a"))
        #expect(isLinked)
        var second = FileTree()
        second.put("usr/bin/c", "other")
        var all = PackageTree()
        try all.add(first, of: "one")
        try all.add(second, of: "two")
        #expect(all.tree.paths.map(\.description) == ["usr", "usr/bin", "usr/bin/a", "usr/bin/b", "usr/bin/c"])
        #expect(all.tree.identity(of: TreePath("usr/bin/a")) == all.tree.identity(of: TreePath("usr/bin/b")))
        #expect(all.owners(of: [TreePath("usr/bin"), TreePath("usr/bin/c")]) == ["two"])
    }

    @Test func oneNameInTwoPackagesIsAnError() throws {
        var tree = FileTree()
        tree.put("bin/a", "text")
        var all = PackageTree()
        try all.add(tree, of: "one")
        let error = #expect(throws: BuildError.self) { try all.add(tree, of: "two") }
        #expect(error.map(String.init(describing:)) == "'usr/bin/a' is in both packages 'one' and 'two'")
    }
}

@Suite struct PathRulesTests {
    @Test func droppedFoldersGoWithWhatHeldNothingElse() {
        var tree = FileTree()
        for path in ["usr/share/doc/a/copyright", "usr/share/doc/b/x", "usr/share/data/y", "usr/share/man/z"] {
            tree.put(path, "")
        }
        tree.set(TreePath("var"), FileTree.Node(.directory, mode: 0o755))
        PathRules(
            drop: ["usr/share/doc", "usr/share/man/z"].map(PathPattern.init), keep: [PathPattern("**/copyright")]
        ).apply(to: &tree)
        #expect(
            tree.paths.map(\.description) == [
                "usr", "usr/share", "usr/share/data", "usr/share/data/y", "usr/share/doc", "usr/share/doc/a",
                "usr/share/doc/a/copyright",
                "var",
            ])
    }
}

@Suite struct SelectionTests {
    /// A real program: its loader and libraries come with it, what it does not need stays behind.
    @Test func programsBringTheirLibraries() throws {
        var tree = FileTree()
        let loader = "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
        for path in ["usr/bin/xz", "usr/lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libz.so.1", loader] {
            tree.put(path, contents: try ExtentList(file: "/\(path)"))
        }
        tree.put("usr/lib64/x", "")
        tree.set(
            TreePath("usr/lib64/ld-linux-x86-64.so.2"), FileTree.Node(.symlink(Array("/\(loader)".utf8)), mode: 0o777))
        let location = SourceLocation(file: "f", line: 1, column: 1)
        let selection = try Selection([Located("usr/bin/xz", at: location)], of: tree)
        let files = selection.tree.paths.filter { !selection.tree.isDirectory($0) }.map(\.description)
        #expect(
            files == ["usr/bin/xz", loader, "usr/lib/x86_64-linux-gnu/libc.so.6", "usr/lib64/ld-linux-x86-64.so.2"])
        #expect(selection.oddities == ["'usr/bin/xz' needs 'liblzma.so.5', which is in no package of the image"])
    }
}

extension FileTree {
    mutating func put(_ path: String, _ text: String) { put(path, contents: ExtentList([.bytes(Array(text.utf8))])) }

    mutating func put(_ path: String, contents: ExtentList) {
        guard let path = TreePath(path.utf8) else { return }
        makeDirectories(path.parent, modified: 0)
        set(path, Node(.regular(contents), mode: 0o644))
    }
}
