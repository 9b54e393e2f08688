import Archive
import Extents
import Testing

/// Layers that are damaged, or made to do harm.
@Suite struct HostileLayerTests {
    /// A tar header with a name as it is, which ``TarWriter`` would not write.
    private func entry(_ name: String, type: Character = "0", link: String = "", size: Int = 0, magic: Bool = true)
        -> [UInt8]
    {
        var block = ByteBuilder()
        block.append(name.utf8)
        block.pad(to: 100)
        for text in ["0000755", "0000000", "0000000"] { block.ascii(text, padded: 8) }
        block.ascii(octal(size, 11), padded: 12)
        block.ascii("00000000000", padded: 12)
        block.fill(8, with: 32)
        block.append(String(type).utf8)
        block.append(link.utf8)
        block.pad(to: 257)
        if magic { block.append("ustar\u{0}00".utf8) }
        block.pad(to: 512)
        var sum = ByteBuilder()
        sum.ascii(octal(block.bytes.reduce(0) { $0 + Int($1) }, 6), padded: 7)
        block.replace(at: 148, with: sum)
        return block.bytes
    }

    private func octal(_ value: Int, _ width: Int) -> String {
        let digits = String(value, radix: 8)
        return String(repeating: "0", count: width - digits.count) + digits
    }

    private func error(_ bytes: [UInt8]) -> LayerError? {
        #expect(throws: LayerError.self) {
            try FileTree.flatten(layers: [ExtentList(), ExtentList(bytes: bytes + [UInt8](repeating: 0, count: 1024))])
        }
    }

    @Test(arguments: ["../x", "a/../x", "..", "/../x", "a/..", "./.."])
    func namesThatLeaveTheRoot(name: String) {
        let error = error(entry(name))
        #expect(error?.description == "layer 2: entry '\(name)': the name has a '..' component")
        #expect(error?.layer == 1 && error?.hint != nil)
    }

    @Test(arguments: [".", "./", "/.", "//", "/", "./."], ["0", "1", "2", "3", "6"])
    func theRootIsADirectory(name: String, type: Character) {
        // A name that ends in a slash is a directory to tar, whatever its type says.
        if type == "0", name.hasSuffix("/") { return }
        let error = error(entry("f") + entry(name, type: type, link: "f"))
        #expect(error?.description == "layer 2: entry '\(name)': the root of the image must be a directory")
    }

    @Test(arguments: [".", "./", "/.", "//", "/"])
    func theRootMayBeNamed(name: String) throws {
        let tree = try FileTree.flatten(layers: [ExtentList(bytes: entry(name, type: "5") + entry("./a"))])
        #expect(tree.paths == [.root, "a"])
        #expect(tree[.root]?.mode == 0o755)
    }

    @Test(arguments: [
        ("../x", "a hard link to '../x', which is not inside the image"),
        ("..", "a hard link to '..', which is not inside the image"),
        ("/", "a hard link to '/', which is not inside the image"), ("d", "a hard link to 'd', which is a directory"),
        ("none", "a hard link to 'none', which does not exist at this point in this layer or a lower one"),
        ("d/none", "a hard link to 'd/none', which does not exist at this point in this layer or a lower one"),
        ("f/x", "'f' is a regular file, not a directory"),
        ("h", "a hard link to 'h', which does not exist at this point in this layer or a lower one"),
    ])
    func hardLinksToNothing(target: String, reason: String) {
        let error = error(entry("d", type: "5") + entry("f") + entry("h", type: "1", link: target))
        #expect(error?.description == "layer 2: entry 'h': \(reason)")
    }

    @Test(arguments: [("f/x", "f", "a regular file"), ("p/x", "p", "a fifo"), ("l/x", "f", "a regular file")])
    func entriesBelowWhatIsNoDirectory(name: String, culprit: String, kind: String) {
        let error = error(entry("f") + entry("p", type: "6") + entry("l", type: "2", link: "f") + entry(name))
        #expect(error?.description == "layer 2: entry '\(name)': '\(culprit)' is \(kind), not a directory")
    }

    @Test func linksInCirclesEnd() {
        let error = error(entry("a", type: "2", link: "b") + entry("b", type: "2", link: "a") + entry("a/x"))
        #expect(error?.reason.hasPrefix("too many symlinks") == true)
    }

    @Test(arguments: [
        (".wh.", "a whiteout without a name"), (".wh..", "a whiteout without a name"),
        (".wh...", "a whiteout without a name"),
    ])
    func whiteoutsOfNothing(name: String, reason: String) {
        #expect(error(entry("d/\(name)"))?.reason == reason)
    }

    /// Layers of Docker on AUFS have its own files: of no use, but a hard link may name one.
    @Test func metadataOfAUFSIsLeftOut() throws {
        let layer =
            entry(".wh..wh.aufs") + entry(".wh..wh.orph", type: "5") + entry(".wh..wh.orph/x")
            + entry(".wh..wh.plnk", type: "5")
            + entry(".wh..wh.plnk/17.4", size: 3) + Array("abc".utf8) + [UInt8](repeating: 0, count: 509)
            + entry("etc/k")
            + entry("one", type: "1", link: ".wh..wh.plnk/17.4") + entry("two", type: "1", link: ".wh..wh.plnk/17.4")
            + entry("d/.wh..wh.aufs")
        let lower = entry("etc/k") + entry("etc/gone") + entry("one", type: "5") + entry("one/x")
        let upper = layer + entry("etc/.wh..wh..opq")
        let tree = try FileTree.flatten(layers: [ExtentList(bytes: lower), ExtentList(bytes: upper)])
        #expect(tree.paths == ["etc", "etc/k", "one", "two"])
        #expect(tree.identity(of: "one") == tree.identity(of: "two"))
        guard case .regular(let content)? = tree["one"]?.kind else {
            Issue.record("no file 'one'")
            return
        }
        #expect(try ExtentReader.bytes(of: content) == Array("abc".utf8))
        // The next layer does not see them.
        #expect(throws: LayerError.self) {
            try FileTree.flatten(layers: [
                ExtentList(bytes: upper), ExtentList(bytes: entry("three", type: "1", link: ".wh..wh.plnk/17.4")),
            ])
        }
    }

    private func extended(_ records: [(String, String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (key, value) in records {
            let rest = " \(key)=\(value)\n"
            var length = rest.utf8.count
            while length != rest.utf8.count + String(length).utf8.count {
                length = rest.utf8.count + String(length).utf8.count
            }
            bytes += Array("\(length)\(rest)".utf8)
        }
        return entry("x", type: "x", size: bytes.count) + bytes
            + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }

    /// Whoever stops at the NUL sees another name.
    @Test(arguments: [("path", "0"), ("linkpath", "2"), ("linkpath", "1"), ("GNU.sparse.name", "0")])
    func namesWithNUL(key: String, type: Character) {
        let more =
            key.hasPrefix("G")
            ? [("GNU.sparse.size", "0"), ("GNU.sparse.numblocks", "0"), ("GNU.sparse.map", "0,0")] : []
        let error = error(
            entry("etc/passwd") + extended([(key, "etc/passwd\u{0}.bak")] + more)
                + entry("f", type: type, link: "etc/passwd"))
        #expect(error?.description == "layer 2: entry 'etc/passwd\\x00.bak': a name with a NUL byte")
    }

    @Test func attributesMayHaveNUL() throws {
        let layer = extended([("SCHILY.xattr.user.x", "a\u{0}b"), ("path", "long")]) + entry("f")
        let tree = try FileTree.flatten(layers: [ExtentList(bytes: layer)])
        #expect(tree["long"]?.attributes == [.init(name: "user.x", value: Array("a\u{0}b".utf8))])
    }

    private func builder(_ text: String) -> ByteBuilder {
        var bytes = ByteBuilder()
        bytes.append(text.utf8)
        return bytes
    }

    /// Pieces of a sparse file that overlap, go back or lie beyond its end; libarchive leaves them out without a word.
    @Test(
        arguments: [
            ([(1024, 4), (2048, 4)], true), ([(1024, 4), (1022, 4)], false), ([(9000, 4)], false),
            ([(1024, 4), (1026, 4)], false),
            ([(8190, 4)], false), ([(0, 4), (9000, 4)], false), ([(8192, 0)], true), ([], true),
        ] as [([(Int, Int)], Bool)], ["0.1", "old"])
    func mapsOfSparseFiles(example: ([(Int, Int)], Bool), form: String) throws {
        let (map, isGood) = example
        let stored = map.reduce(0) { $0 + $1.1 }
        var layer: [UInt8]
        if form == "old" {
            var block = ByteBuilder()
            block.append(entry("f", type: "S", size: stored))
            block.replace(at: 257, with: builder("ustar  \u{0}"))
            for (number, piece) in map.enumerated() {
                block.replace(
                    at: 386 + 24 * number, with: builder(octal(piece.0, 11) + "\u{0}" + octal(piece.1, 11) + "\u{0}"))
            }
            block.replace(at: 483, with: builder(octal(8192, 11) + "\u{0}"))
            block.replace(at: 148, with: builder("        "))
            block.replace(at: 148, with: builder(octal(block.bytes.reduce(0) { $0 + Int($1) }, 6) + "\u{0} "))
            layer = block.bytes
        } else {
            let list = map.map { "\($0.0),\($0.1)" }.joined(separator: ",")
            layer =
                extended([
                    ("GNU.sparse.name", "f"), ("GNU.sparse.size", "8192"), ("GNU.sparse.numblocks", "\(map.count)"),
                    ("GNU.sparse.map", list),
                ]) + entry("f", size: stored)
        }
        layer +=
            [UInt8](repeating: 66, count: stored) + [UInt8](repeating: 0, count: (512 - stored % 512) % 512)
            + entry("g")
        // The bytes that follow must not be read as contents.
        let padded = layer + [UInt8](repeating: 0, count: 20_000)
        guard isGood else {
            #expect(error(padded) != nil)
            return
        }
        let tree = try FileTree.flatten(layers: [ExtentList(bytes: padded)])
        guard case .regular(let contents)? = tree["f"]?.kind else {
            Issue.record("no file 'f'")
            return
        }
        var expected = [UInt8](repeating: 0, count: 8192)
        for (offset, length) in map { for index in offset..<offset + length { expected[index] = 66 } }
        #expect(try ExtentReader.bytes(of: contents) == expected && tree["g"] != nil)
    }

    /// Names in messages are foreign text.
    @Test(arguments: [
        (String(repeating: "a", count: 90) + "/../", String(repeating: "a", count: 90) + "/../"),
        ("\u{1b}]0;x\u{7}/../x", "\\x1b]0;x\\x07/../x"),
    ])
    func namesAreEscaped(name: String, shown: String) {
        #expect(error(entry(name))?.description == "layer 2: entry '\(shown)': the name has a '..' component")
    }

    @Test func longNamesAreCut() {
        let text = error(extended([("path", String(repeating: "b", count: 8000))]) + entry("f"))?.description ?? ""
        #expect(text.hasPrefix("layer 2: entry 'bbbb") && text.contains("bbb…'") && text.utf8.count < 250, "\(text)")
    }

    @Test(arguments: [400, 512, 700, 1024, 1100, 1536])
    func truncationIsFound(length: Int) throws {
        let whole =
            entry("f", size: 600) + [UInt8](repeating: 1, count: 600) + [UInt8](repeating: 0, count: 424)
            + entry("g", size: 5) + [
                1, 2, 3, 4, 5,
            ]
        let cut = ExtentList(bytes: Array(whole.prefix(length)))
        // Exactly between two entries there is nothing to see; the layer's digest has to tell.
        if length == 1536 {
            #expect(try FileTree.flatten(layers: [cut]).paths == ["f"])
        } else {
            #expect(throws: LayerError.self) { try FileTree.flatten(layers: [cut]) }
        }
    }

    @Test func sizeBeyondTheArchive() {
        let error = error(entry("f", size: 8_000_000_000))
        #expect(
            error?.description
                == "layer 2: entry 'f': the archive ends after 1536 bytes, within the contents of 8000000000 bytes")
    }

    @Test func damagedHeader() {
        var second = entry("g")
        second[3] ^= 1
        #expect(error(entry("f") + second) != nil)
    }

    @Test func notATar() {
        #expect(error(Array(repeating: UInt8(ascii: "x"), count: 2000)) != nil)
    }

    /// Sixteen bits of size less than the map says.
    @Test func sparseMapBeyondItsContents() throws {
        var node = ByteBuilder()
        let map =
            "GNU.sparse.name=f\nGNU.sparse.size=100000\nGNU.sparse.numblocks=1\nGNU.sparse.map=0,90000"
        for line in map.split(separator: "\n") {
            let rest = line.utf8.count + 2
            let length = rest + String(rest + 2).utf8.count
            node.append("\(length) \(line)\n".utf8)
        }
        let records = node.bytes
        node.pad(toMultipleOf: 512)
        let archive =
            entry("x", type: "x", size: records.count) + node.bytes + entry("f", size: 512)
            + [UInt8](repeating: 7, count: 512) + entry("g")
        let padded = archive + [UInt8](repeating: 0, count: 100_000)
        #expect(throws: LayerError.self) { try FileTree.flatten(layers: [ExtentList(bytes: padded)]) }
    }

    @Test func lengthsBeyondLinux() throws {
        let long = TreePath(String(repeating: "x/", count: 2100).utf8) ?? .root
        let wide = TreePath(String(repeating: "x", count: 256).utf8) ?? .root
        for archive in [
            try tar { try $0.add(long, .directory()) }, try tar { try $0.add(wide, .file("")) },
            try tar { try $0.add("l", .symlink(String(repeating: "x", count: 4096))) },
            ExtentList(bytes: entry("l", type: "2")),
        ] {
            #expect(throws: LayerError.self) { try FileTree.flatten(layers: [archive]) }
        }
    }

    @Test func deepDirectoriesAreNoTrouble() throws {
        let deep = TreePath(String(repeating: "x/", count: 2000).utf8) ?? .root
        let lower = try tar { try $0.add(deep, .directory()) }
        #expect(try FileTree.flatten(layers: [lower]).count == 2000)
        #expect(try FileTree.flatten(layers: [lower, layer([.whiteout(".wh.x")])]).isEmpty)
        #expect(try FileTree.flatten(layers: [lower, layer([.whiteout("x/.wh..wh..opq")])]).paths == ["x"])
    }

    /// How often a layer hides what is below makes no difference: nothing of lower layers is looked at twice.
    @Test func repeatedWhiteoutsOfMixedDirectories() throws {
        let lower = entry("d/a/x") + entry("d/b/y") + entry("d/z")
        let opaque = entry("d/.wh..wh..opq")
        let upper =
            entry("d/a/new") + opaque + opaque + entry("d/b/y") + opaque + entry("d/a/.wh..wh..opq") + entry(".wh.d")
            + entry("d/c")
            + opaque
        let tree = try FileTree.flatten(layers: [ExtentList(bytes: lower), ExtentList(bytes: upper)])
        #expect(tree.paths == ["d", "d/a", "d/a/new", "d/b", "d/b/y", "d/c"])
        let third = try FileTree.flatten(layers: [
            ExtentList(bytes: lower), ExtentList(bytes: upper), ExtentList(bytes: opaque + entry("d/q")),
        ])
        #expect(third.paths == ["d", "d/q"])
    }

    @Test func whatFollowsTheEndIsNotRead() throws {
        let archive = entry("f") + [UInt8](repeating: 0, count: 1024) + entry("g")
        #expect(try FileTree.flatten(layers: [ExtentList(bytes: archive)]).paths == ["f"])
    }
}
