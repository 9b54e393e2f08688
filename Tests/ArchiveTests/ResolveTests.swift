import Extents
import Testing

@testable import Archive

/// What it takes to find where a path leads, in bytes of names looked at.
struct ResolveTests {
    private static let depth = 1900

    private static func chain(_ name: String) -> TreePath {
        TreePath(Array(repeating: name, count: depth).joined(separator: "/").utf8) ?? .root
    }

    private static func tree(_ paths: [TreePath]) throws -> FileTree {
        try FileTree.tar(tar { writer in for path in paths { try writer.add(path, .directory()) } })
    }

    /// A dozen lookups at most, for a path that is there and for one that is not.
    @Test(arguments: [0, 1, 1000, 1900])
    func deepPathsTakeFewLookups(missing: Int) throws {
        let path = Self.chain("d")
        let tree = try Self.tree([path])
        let kept = path.bytes.split(separator: TreePath.separator).dropLast(missing)
        let wanted =
            TreePath((kept + Array(repeating: Array("n".utf8)[...], count: missing)).joined(separator: Array("/".utf8)))
            ?? .root
        var budget = 1 << 30
        #expect(try tree.resolve(wanted.bytes, budget: &budget) == wanted)
        #expect((1 << 30) - budget <= 12 * wanted.bytes.count)
    }

    /// Chains of directories, an entry for each, one chain after another and in turn: a few times the bytes of their
    /// names.
    @Test func deepLayersTakeTimeForTheirNames() throws {
        let chains = ["a", "b", "c"].map { name in
            (1...500).map { TreePath(Array(repeating: name, count: $0).joined(separator: "/").utf8) ?? .root }
        }
        for order in [chains.flatMap(\.self), (0..<500).flatMap { index in chains.map { $0[index] } }] {
            var merge = LayerMerge(whiteouts: true)
            merge.beginLayer()
            try TarReader(tar { writer in for path in order { try writer.add(path, .directory()) } }).forEach {
                try merge.put($0)
            }
            #expect(merge.tree.count == 1500)
            #expect(LayerMerge.lookupLimit - merge.lookups <= 2 * order.reduce(0) { $0 + $1.bytes.count })
        }
    }

    /// Links that lead to and fro through deep paths end with an error, not after hours.
    @Test func linksCannotTakeWithoutLimit() throws {
        let path = Self.chain("d")
        let archive = try tar { writer in
            try writer.add(path, .directory())
            for number in 0..<40 {
                let target = number == 0 ? "/\(path)" : "/\(path)/../" + "l\(number - 1)"
                try writer.add(path.parent.child(Array("l\(number)".utf8)), .symlink(String(target.prefix(4090))))
            }
        }
        let tree = try FileTree.tar(archive)
        let last = path.parent.child(Array("l39".utf8))
        var (enough, little) = (1 << 30, 100_000)
        #expect(try tree.resolve(last.bytes, budget: &enough) == path)
        #expect(throws: PathObstacle.self) { try tree.resolve(last.bytes, budget: &little) }
    }

    @Test(arguments: [
        ("a/b", "a/b"), ("a/../b", "b"), ("l/x", "d/x"), ("l/../x", "x"), ("d/u/x", "x"), ("none/../l/y", "d/y"),
        ("./a/./b/.", "a/b"),
        ("..", ""),
        ("deep/l/x", "d/x"), ("l/f/x", nil), ("c1/x", nil),
    ])
    func linksAreFollowedInside(path: String, expected: String?) throws {
        let tree = try FileTree.tar(
            tar { writer in
                try writer.add("d", .directory())
                try writer.add("d/f", .file("x"))
                try writer.add("d/u", .symlink("../../.."))
                try writer.add("l", .symlink("./d/."))
                try writer.add("deep", .symlink("/"))
                try writer.add("c1", .symlink("c2"))
                try writer.add("c2", .symlink("c1"))
            })
        var budget = 1 << 20
        let found = try? tree.resolve(Array(path.utf8), budget: &budget)
        #expect(found?.description == expected)
    }
}
