import Archive
import Extents
import TestSupport
import Testing

@Suite struct CPIOTests {
    /// One of everything.
    static func tree() -> FileTree {
        var tree = FileTree()
        tree.set("bin", .directory())
        tree.set(
            "bin/su",
            FileTree.Node(
                .regular(ExtentList(bytes: Array("suid".utf8))), mode: 0o4755, uid: 0, gid: 65534, modified: 1))
        tree.set("dev", .directory(mode: 0o1777))
        tree.set("dev/console", FileTree.Node(.characterDevice(major: 5, minor: 1), mode: 0o600))
        tree.set("dev/sda", FileTree.Node(.blockDevice(major: 8, minor: 300), mode: 0o660, gid: 6))
        tree.set("dev/pipe", FileTree.Node(.fifo, mode: 0o622))
        tree.set("empty", .file(""))
        tree.set("link", .symlink("/bin/su"))
        tree.set("one", .file("linked"))
        _ = tree.link("three", to: "one")
        _ = tree.link("two", to: "one")
        tree.set("caf\u{e9}", .file("12345"))
        tree.set(
            "sparse",
            FileTree.Node(.regular(ExtentList([.hole(5000), .bytes([1]), .hole(3)])), mode: 0o644, uid: 1 << 31))
        return tree
    }

    private func write(_ tree: FileTree, under prefix: TreePath = .root) throws -> [UInt8] {
        var output = ByteBuilder()
        try CPIO.write(tree, under: prefix, to: &output)
        return output.bytes
    }

    private static let golden = """
        drwxr-xr-x   2 0        0               0 Jan  1  1970 bin
        -rwsr-xr-x   1 0        65534           4 Jan  1  1970 bin/su
        -rw-r--r--   1 0        0               5 Jan  1  1970 café
        drwxrwxrwt   2 0        0               0 Jan  1  1970 dev
        crw-------   1 0        0          5,   1 Jan  1  1970 dev/console
        prw--w--w-   1 0        0               0 Jan  1  1970 dev/pipe
        brw-rw----   1 0        6          8, 300 Jan  1  1970 dev/sda
        -rw-r--r--   1 0        0               0 Jan  1  1970 empty
        lrwxrwxrwx   1 0        0               7 Jan  1  1970 link -> /bin/su
        -rw-r--r--   3 0        0               0 Jan  1  1970 one
        -rw-r--r--   1 2147483648 0            5004 Jan  1  1970 sparse
        -rw-r--r--   3 0        0               0 Jan  1  1970 three
        -rw-r--r--   3 0        0               6 Jan  1  1970 two
        """

    @Test func cpioListsIt() throws {
        try withTemporaryDirectory { folder in
            try TestFile.write(try write(Self.tree()), to: "\(folder)/cpio")
            let answer = try run("cpio", "-itvn", "--quiet", input: "\(folder)/cpio")
            #expect(answer.status == 0 && answer.errors.isEmpty)
            #expect(answer.text == Self.golden + "\n")
        }
    }

    @Test func cpioAndBsdtarUnpackIt() throws {
        var tree = Self.tree()
        for path in ["dev/console", "dev/sda"] as [TreePath] { tree.remove(path) }
        tree.update("sparse") { $0.uid = 0 }
        for tool in [["cpio", "-idm", "--quiet", "-F"], ["bsdtar", "-xpf"]] {
            try withTemporaryDirectory { folder in
                try TestFile.write(try write(tree, under: "a/b"), to: "\(folder)/cpio")
                let answer = try run(tool + ["\(folder)/cpio"], folder: folder)
                #expect(answer.status == 0, "\(String(decoding: answer.errors, as: UTF8.self))")
                let names = try run("find", "a", "-printf", "%p %y %m %n %s\n", folder: folder).lines.sorted()
                #expect(names.contains("a d 755 3 4096") || names.contains { $0.hasPrefix("a d 755 ") })
                #expect(names.contains("a/b/one f 644 3 6") && names.contains("a/b/three f 644 3 6"))
                #expect(names.contains("a/b/dev/pipe p 622 1 0") && names.contains("a/b/sparse f 644 1 5004"))
                #expect(try TestFile.read("\(folder)/a/b/three") == Array("linked".utf8))
                #expect(try TestFile.read("\(folder)/a/b/sparse") == [UInt8](repeating: 0, count: 5000) + [1, 0, 0, 0])
            }
        }
    }

    @Test func readsBackWhatItWrote() throws {
        let tree = Self.tree()
        #expect(try listing(FileTree(initramfs: ExtentList(bytes: try write(tree)))) == listing(tree))
    }

    @Test func readsWhatCpioWrote() throws {
        try withTemporaryDirectory { folder in
            let script =
                "umask 22; mkdir d; echo hello > d/a; ln d/a d/b; ln -s a d/l; mkfifo d/p; touch -hd @7 d/* d; find d | sort | cpio -o -H newc --quiet -R 0:0"
            let answer = try run("sh", "-c", script, folder: folder)
            let tree = try FileTree(initramfs: ExtentList(bytes: Array(answer.output)))
            #expect(
                try listing(tree) == [
                    "d 755 0:0 7 d", "f 644 0:0 7 d/a 5891b5b5", "h d/b = d/a", "l 777 0:0 7 d/l -> a",
                    "p 644 0:0 7 d/p",
                ])
        }
    }

    @Test func lengthIsAMultipleOf4AndBytesAreTheSame() throws {
        let first = try write(Self.tree())
        #expect(first.count % 4 == 0)
        #expect(try write(Self.tree()) == first)
    }

    @Test func segmentsAreReadAsTheKernelDoes() throws {
        var image: [UInt8] = []
        var (one, two) = (FileTree(), FileTree())
        one.set("a", .file("first"))
        one.set("b", .file("b"))
        two.set("a", .file("second"))
        _ = two.link("c", to: "a")
        image += try write(one)
        for compression in [Compression.gzip, .zstd(level: 3), .none] {
            var packed = ByteBuilder()
            try compression.compress(to: &packed) { sink in try sink.write(try write(two)) }
            packed.pad(toMultipleOf: 4)
            image += packed.bytes
        }
        let segments = try CPIO.read(ExtentList(bytes: image), contents: false)
        #expect(segments.map(\.format) == ["none", "gzip", "zstd", "none"])
        #expect(segments.map(\.entries.count) == [2, 2, 2, 2])
        #expect(segments.last?.range.upperBound == UInt64(image.count))
        // Cut in any way, it is the same.
        var pieces = ExtentList()
        for start in stride(from: 0, to: image.count, by: 13) {
            pieces.append(.bytes(Array(image[start..<min(start + 13, image.count)])))
        }
        #expect(
            try listing(FileTree(initramfs: pieces)) == ["f 644 0:0 0 a 16367aac", "f 644 0:0 0 b 3e23e816", "h c = a"])
    }

    @Test func whatTheKernelStopsAtIsAnError() throws {
        let archive = try write(Self.tree())
        var half = ByteBuilder()
        try Compression.gzip.compress(to: &half) { try $0.write(Array(archive[..<400])) }
        for image in [
            Array(archive.dropLast(8)), half.bytes, archive + [0] + archive, archive + [1], Array("junkjunk".utf8),
        ] {
            #expect(throws: CPIOReadError.self) { try CPIO.read(ExtentList(bytes: image)) }
        }
        #expect(try CPIO.read(ExtentList(bytes: archive + [0, 0, 0, 0, 0])).count == 1)
    }

    struct Bad: CustomTestStringConvertible {
        let path: String
        let node: FileTree.Node
        let message: String
        var testDescription: String { message }
    }

    @Test(arguments: [
        Bad(
            path: "big", node: FileTree.Node(.regular(ExtentList([.hole(1 << 32)])), mode: 0o644),
            message: "'a/big': 4294967296 bytes, an initramfs file has at most 4294967295 bytes"),
        Bad(
            path: String(repeating: "x/", count: 2046) + "xx", node: .directory(),
            message: "the name is 4096 bytes long; the kernel's limit is 4095"),
        Bad(
            path: String(repeating: "x", count: 256), node: .file(""),
            message: "a component is 256 bytes long; the kernel's limit is 255"),
        Bad(
            path: "link", node: .symlink(String(repeating: "x", count: 4096)),
            message: "'a/link': the link's target is 4096 bytes long; the kernel's limit is 4095"),
    ])
    func whatTheKernelWouldDropIsAnError(bad: Bad) throws {
        var tree = FileTree()
        tree.set(try #require(TreePath(bad.path.utf8)), bad.node)
        let error = #expect(throws: CPIOError.self) { try write(tree, under: "a") }
        #expect(error?.description.hasSuffix(bad.message) == true)
    }

    @Test func theTrailersNameIsAnErrorAtTheRootOnly() throws {
        var tree = FileTree()
        tree.set("TRAILER!!!", .file("x"))
        #expect(throws: CPIOError.self) { try write(tree) }
        #expect(try FileTree(initramfs: ExtentList(bytes: write(tree, under: "a"))).count == 2)
    }

    @Test func largestFileKeepsItsLength() throws {
        var tree = FileTree()
        tree.set("big", FileTree.Node(.regular(ExtentList([.hole(UInt64(UInt32.max))])), mode: 0o644))
        struct Stop: Error {}
        struct Head: ByteSink {
            var bytes: [UInt8] = []
            mutating func write(_ more: UnsafeRawBufferPointer) throws {
                if bytes.count > 200 { throw Stop() }
                bytes.append(contentsOf: more)
            }
        }
        var head = Head()
        #expect(throws: Stop.self) { try CPIO.write(tree, to: &head) }
        #expect(String(decoding: head.bytes[54..<62], as: UTF8.self) == "FFFFFFFF")
    }

    @Test func timesOutsideAreTheNearest() throws {
        var tree = FileTree()
        tree.set("a", FileTree.Node(.directory, mode: 0o755, modified: -5))
        tree.set("b", FileTree.Node(.directory, mode: 0o755, modified: 1 << 40))
        #expect(
            try listing(FileTree(initramfs: ExtentList(bytes: write(tree)))) == [
                "d 755 0:0 0 a", "d 755 0:0 4294967295 b",
            ])
    }

    @Test func rootsMetadataGoToThePrefix() throws {
        var tree = FileTree()
        tree.set(.root, .directory(mode: 0o700))
        #expect(
            try listing(FileTree(initramfs: ExtentList(bytes: write(tree, under: "a/b")))) == [
                "d 755 0:0 0 a", "d 700 0:0 0 a/b",
            ])
        #expect(try listing(FileTree(initramfs: ExtentList(bytes: write(tree)))) == ["d 700 0:0 0 "])
    }
}
