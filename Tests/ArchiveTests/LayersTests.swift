import Archive
import Extents
import Foundation
import TestSupport
import Testing

/// One entry of a test's layer.
enum Item: Sendable {
    case add(String, FileTree.Node)
    case link(String, String)

    static func file(_ path: String, _ text: String = "") -> Item { .add(path, .file(text.isEmpty ? path : text)) }
    static func directory(_ path: String, _ mode: UInt16 = 0o755) -> Item { .add(path, .directory(mode: mode)) }
    static func symlink(_ path: String, _ target: String) -> Item { .add(path, .symlink(target)) }
    static func whiteout(_ path: String) -> Item { .add(path, .file("")) }
}

func layer(_ items: [Item]) throws -> ExtentList {
    try tar { writer in
        for item in items {
            switch item {
            case .add(let path, let node): try writer.add(TreePath(path.utf8) ?? .root, node)
            case .link(let path, let target):
                try writer.add(TreePath(path.utf8) ?? .root, .file(""), linkTo: TreePath(target.utf8) ?? .root)
            }
        }
    }
}

/// `path` for a directory, `path -> target`, `path = contents`, `path ~ first name`.
func summary(_ tree: FileTree) throws -> [String] {
    var first: [Int: TreePath] = [:]
    return try tree.paths.map { path in
        guard let node = tree[path], let identity = tree.identity(of: path) else { return "\(path): gone" }
        if let other = first.updateValue(path, forKey: identity) { return "\(path) ~ \(other)" }
        switch node.kind {
        case .directory: return "\(path)/"
        case .regular(let contents):
            return "\(path) = \(String(decoding: try ExtentReader.bytes(of: contents), as: UTF8.self))"
        case .symlink(let target): return "\(path) -> \(String(decoding: target, as: UTF8.self))"
        case .characterDevice(let major, let minor): return "\(path) c \(major) \(minor)"
        case .blockDevice, .fifo: return "\(path) ?"
        }
    }
}

@Suite struct LayersTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let layers: [[Item]]
        let result: [String]

        init(_ name: String, _ layers: [[Item]], _ result: [String]) {
            (testDescription, self.layers, self.result) = (name, layers, result)
        }
    }

    @Test(arguments: [
        Row(
            "later layer replaces a file", [[.file("a/x", "old"), .file("a/y")], [.file("a/x", "new")]],
            ["a/", "a/x = new", "a/y = a/y"]),
        Row("whiteout", [[.file("a/x"), .file("a/y")], [.whiteout("a/.wh.x")]], ["a/", "a/y = a/y"]),
        Row(
            "whiteout of a directory", [[.file("a/x/p"), .file("a/xx")], [.whiteout("a/.wh.x")]], ["a/", "a/xx = a/xx"]),
        Row("whiteout at the root", [[.file("x"), .file("y")], [.whiteout(".wh.x")]], ["y = y"]),
        Row(
            "whiteout before and after in one layer hides only what is below",
            [
                [.file("x", "old"), .file("y", "old")],
                [.whiteout(".wh.x"), .file("x"), .file("y"), .whiteout(".wh.y")],
            ], ["x = x", "y = y"]),
        Row("whiteout of nothing there", [[.file("x")], [.whiteout(".wh.z"), .whiteout("n/o/.wh.z")]], ["x = x"]),
        Row("whiteout below a file", [[.file("foo")], [.whiteout("foo/.wh.bar")]], ["foo = foo"]),
        Row(
            "whiteout below a symlink",
            [[.file("d/bar"), .symlink("foo", "d")], [.whiteout("foo/.wh.bar")]], ["d/", "foo -> d"]),
        Row(
            "directory hidden and made again",
            [[.file("a/x"), .file("a/y")], [.whiteout(".wh.a"), .directory("a"), .file("a/z")]], ["a/", "a/z = a/z"]),
        Row(
            "opaque", [[.file("a/x"), .file("a/b/y")], [.directory("a"), .whiteout("a/.wh..wh..opq"), .file("a/z")]],
            ["a/", "a/z = a/z"]),
        Row(
            "opaque last in its layer",
            [[.file("a/x"), .file("a/b/y"), .file("a/b/c/w")], [.file("a/b/z"), .whiteout("a/.wh..wh..opq")]],
            ["a/", "a/b/", "a/b/z = a/b/z"]),
        Row("opaque at the root", [[.file("x"), .file("a/y")], [.whiteout(".wh..wh..opq"), .file("z")]], ["z = z"]),
        Row(
            "opaque hides nothing above", [[.file("a/x")], [.whiteout("a/.wh..wh..opq")], [.file("a/y")]],
            ["a/", "a/y = a/y"]),
        Row("file replaces directory", [[.file("a/x/y")], [.file("a")]], ["a = a"]),
        Row("directory replaces file", [[.file("a")], [.directory("a"), .file("a/x")]], ["a/", "a/x = a/x"]),
        Row(
            "directory entry replaces symlink",
            [[.file("d/x"), .symlink("l", "d")], [.directory("l"), .file("l/y")]],
            ["d/", "d/x = d/x", "l/", "l/y = l/y"]),
        Row(
            "symlink replaces directory, file under the old path",
            [[.file("a/x"), .directory("b")], [.symlink("a", "b")], [.file("a/y")]], ["a -> b", "b/", "b/y = a/y"]),
        Row(
            "write through links stays inside", [[.symlink("l", "../../../etc"), .file("l/passwd")]],
            ["etc/", "etc/passwd = l/passwd", "l -> ../../../etc"]),
        Row(
            "write through an absolute link stays inside", [[.symlink("l", "/etc"), .file("l/x")]],
            ["etc/", "etc/x = l/x", "l -> /etc"]),
        Row(
            "write through chained links",
            [[.symlink("a", "/b/c"), .symlink("b", "d"), .file("a/x")]],
            ["a -> /b/c", "b -> d", "d/", "d/c/", "d/c/x = a/x"]),
        Row(
            "link up and down again", [[.directory("p/q"), .symlink("p/l", "q/../../r"), .file("p/l/x")]],
            ["p/", "p/l -> q/../../r", "p/q/", "r/", "r/x = p/l/x"]),
        Row("hard link", [[.file("x"), .link("y", "x")]], ["x = x", "y ~ x"]),
        Row("hard link into a lower layer", [[.file("x")], [.link("a/y", "x")]], ["a/", "a/y = x", "x ~ a/y"]),
        Row(
            "hard link through a symlinked directory", [[.file("d/x"), .symlink("l", "d")], [.link("y", "l/x")]],
            ["d/", "d/x = d/x", "l -> d", "y ~ d/x"]),
        Row("hard link to a symlink", [[.symlink("l", "nowhere"), .link("m", "l")]], ["l -> nowhere", "m ~ l"]),
        Row("hard link replaces a file", [[.file("x"), .file("y")], [.link("y", "x")]], ["x = x", "y ~ x"]),
        Row("hard link replaces a directory", [[.file("x"), .file("y/z")], [.link("y", "x")]], ["x = x", "y ~ x"]),
        Row("one of two names replaced", [[.file("x"), .link("y", "x")], [.file("x", "new")]], ["x = new", "y = x"]),
        Row("one of two names hidden", [[.file("x"), .link("y", "x")], [.whiteout(".wh.x")]], ["y = x"]),
        Row("same name twice in a layer", [[.file("x", "1"), .file("x", "2")]], ["x = 2"]),
        Row(
            "backslashes and drives are ordinary", [[.file(#"..\..\x"#, "1"), .file(#"C:\x"#, "2")]],
            [#"..\..\x = 1"#, #"C:\x = 2"#]),
        Row(
            "overlay whiteout devices are devices",
            [[.file("x")], [.add("x", FileTree.Node(.characterDevice(major: 0, minor: 0), mode: 0))]], ["x c 0 0"]),
        Row(
            "directory below a removed one", [[.file("a/b/c/d")], [.whiteout("a/.wh.b"), .file("a/b/n")]],
            ["a/", "a/b/", "a/b/n = a/b/n"]),
    ])
    func layersFlatten(row: Row) throws {
        #expect(try summary(FileTree.flatten(layers: row.layers.map(layer))) == row.result)
    }

    @Test func directoryOverDirectoryTakesTheNewMetadata() throws {
        let tree = try FileTree.flatten(layers: [
            layer([.directory("a", 0o700), .file("a/x")]), layer([.directory("a", 0o1777)]),
        ])
        #expect(tree["a"]?.mode == 0o1777)
        #expect(tree["a/x"] != nil)
    }

    @Test func missingParentsAreMade() throws {
        let tree = try FileTree.flatten(layers: [layer([.file("a/b/c")])])
        #expect(tree["a"]?.mode == 0o755 && tree["a/b"]?.mode == 0o755 && tree["a"]?.uid == 0)
    }

    @Test func tarKnowsNoWhiteouts() throws {
        #expect(try FileTree.tar(layer([.file("x"), .whiteout(".wh.x")])).paths == [".wh.x", "x"])
    }

    @Test func rootDirectoryIsAccepted() throws {
        let tree = try FileTree.flatten(layers: [layer([.directory("", 0o711), .file("x")])])
        #expect(tree[.root]?.mode == 0o711)
        #expect(tree.paths == [.root, "x"])
    }

    @Test func manyWhiteoutsHideWhatIsBelow() throws {
        let names = (0..<5000).map { "d/\($0)" }
        let lower = try layer(names.map { .file($0, "x") })
        let upper = try layer(names.map { .whiteout($0.replacing("/", with: "/.wh.")) })
        #expect(try FileTree.flatten(layers: [lower, upper]).paths == ["d"])
    }
}

/// Our flattening against what `umoci` makes of the same random layers.
@Suite struct UmociTests {
    @Test(arguments: 0..<30)
    func flattensAsUmociUnpacks(group: UInt64) throws {
        var unpacked = 0
        for seed in group * 10..<group * 10 + 10 {
            var image = RandomImage(seed: seed)
            let layers = try image.layers()
            try withTemporaryDirectory { folder in
                try layout(layers, "\(folder)/layout")
                let script = "umask 22; umoci raw unpack --rootless --image '\(folder)/layout:x' '\(folder)/root'"
                let theirs = try run("sh", "-c", script)
                let ours = Result { try FileTree.flatten(layers: layers) }
                switch ours {
                case .success(let tree):
                    unpacked += 1
                    #expect(theirs.status == 0, "seed \(seed): \(String(decoding: theirs.errors, as: UTF8.self))")
                    if theirs.status != 0 { return }
                    let (a, b) = (try listing(tree, bare: true), try listing(folder: "\(folder)/root"))
                    #expect(a == b, "seed \(seed)")
                case .failure(let error):
                    #expect(error is LayerError)
                    #expect(theirs.status != 0, "seed \(seed): \(error)")
                }
            }
        }
        // Most must get that far, else little is compared.
        #expect(unpacked >= 4)
    }

    /// Writes an OCI image layout with one image, tagged `x`.
    private func layout(_ layers: [ExtentList], _ folder: String) throws {
        try FileManager.default.createDirectory(atPath: "\(folder)/blobs/sha256", withIntermediateDirectories: true)
        func blob(_ bytes: [UInt8], _ type: String) throws -> String {
            let digest = SHA256.hash(bytes).hex
            try TestFile.write(bytes, to: "\(folder)/blobs/sha256/\(digest)")
            return
                #"{"mediaType":"application/vnd.oci.image.\#(type)","digest":"sha256:\#(digest)","size":\#(bytes.count)}"#
        }
        let blobs = try layers.map { try ExtentReader.bytes(of: $0) }
        let descriptors = try blobs.map { try blob($0, "layer.v1.tar") }.joined(separator: ",")
        let differences = blobs.map { #""sha256:\#(SHA256.hash($0).hex)""# }.joined(separator: ",")
        let config =
            #"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[\#(differences)]}}"#
        let manifest =
            #"{"schemaVersion":2,"config":\#(try blob(Array(config.utf8), "config.v1+json")),"layers":[\#(descriptors)]}"#
        let descriptor = try blob(Array(manifest.utf8), "manifest.v1+json").dropLast()
        let annotations = #""annotations":{"org.opencontainers.image.ref.name":"x"}"#
        try TestFile.write(
            Array(#"{"schemaVersion":2,"manifests":[\#(descriptor),\#(annotations)}]}"#.utf8),
            to: "\(folder)/index.json")
        try TestFile.write(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), to: "\(folder)/oci-layout")
    }
}
