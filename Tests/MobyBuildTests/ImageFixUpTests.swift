import Archive
import TestSupport
import Testing

@testable import MobyBuild

struct ImageFixUpTests {
    @Test(arguments: [ImageFixUp.container, .system]) func fixUp(_ fixUp: ImageFixUp) throws {
        var tree = try Workshop.tree([
            (".dockerenv", .file("")), ("Dockerfile", .file("FROM x")), ("dev", .directory()),
            ("dev/console", .file("")),
            ("dev/pts", .directory()),
            ("dev/pts/0", .file("")), ("etc", .directory()), ("etc/hostname", .file("builder")),
            ("etc/hosts", .link("/x")),
            ("etc/passwd", .file("root")), ("usr/bin/deep", .file("", mode: 0o755)), ("sub/Dockerfile", .file("kept")),
        ])
        fixUp.apply(to: &tree)
        #expect(try Golden.difference(listing(tree), "fixup-\(fixUp.rawValue).txt") == nil)
    }

    @Test func aLinkInPlaceOfEtcIsLeftAlone() throws {
        var tree = try Workshop.tree([("etc", .link("usr/etc"))])
        ImageFixUp.container.apply(to: &tree)
        #expect(!tree.paths.map(\.description).contains { $0.hasPrefix("etc/") })
    }

    @Test func fixUpsAreMadeOnce() throws {
        var tree = FileTree()
        ImageFixUp.system.apply(to: &tree)
        let once = try listing(tree)
        ImageFixUp.system.apply(to: &tree)
        #expect(try listing(tree) == once)
    }
}

/// One line for each name: mode, owner, size or target.
func listing(_ tree: FileTree) throws -> String {
    var text = ""
    for path in tree.paths {
        guard let node = tree[path] else { continue }
        let mode = String(node.mode, radix: 8)
        switch node.kind {
        case .directory: text += "d \(mode) \(node.uid):\(node.gid) \(path)/\n"
        case .regular:
            text +=
                "- \(mode) \(node.uid):\(node.gid) \(path) '\(String(decoding: tree.bytes(of: path), as: UTF8.self))'\n"
        case .symlink(let target):
            text += "l \(mode) \(node.uid):\(node.gid) \(path) -> \(String(decoding: target, as: UTF8.self))\n"
        default: text += "? \(mode) \(node.uid):\(node.gid) \(path)\n"
        }
    }
    return text
}
