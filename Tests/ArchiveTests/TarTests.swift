import Archive
import Extents
import Foundation
import TestSupport
import Testing

@Suite struct TarTests {
    /// What tar can say and cpio cannot too.
    static func tree() -> FileTree {
        var tree = CPIOTests.tree()
        let capability: [UInt8] = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        tree.update("bin/su") {
            $0.attributes = [
                .init(name: "security.capability", value: capability), .init(name: "user.x", value: [0, 61, 10]),
            ]
        }
        tree.set("before", FileTree.Node(.directory, mode: 0o755, uid: .max, gid: 1 << 21, modified: -100))
        tree.set("after", FileTree.Node(.fifo, mode: 0o644, modified: 1 << 40))
        let long = String(repeating: "n", count: 101)
        tree.set(TreePath(long.utf8) ?? .root, .symlink(String(repeating: "t", count: 200)))
        let folder = String(repeating: "m", count: 101)
        tree.set(TreePath(folder.utf8) ?? .root, .directory())
        _ = tree.link(TreePath("\(folder)/\(long)".utf8) ?? .root, to: "one")
        tree.set(TreePath([0xff, 0xfe, 0x20, 0x0a]) ?? .root, .symlink("caf\u{e9}"))
        tree.set("big", FileTree.Node(.characterDevice(major: 1 << 22, minor: 1 << 23), mode: 0o600))
        return tree
    }

    private func write(_ tree: FileTree, under prefix: TreePath = .root, records: [String: String] = [:]) throws
        -> ExtentList
    {
        try tar { try $0.add(tree, under: prefix, records: records) }
    }

    @Test func readsBackWhatItWrote() throws {
        let tree = Self.tree()
        #expect(try listing(FileTree.tar(write(tree))) == listing(tree))
    }

    @Test func bytesAreTheSameAndWholeBlocks() throws {
        let first = try ExtentReader.bytes(of: write(Self.tree(), records: ["LINUXKIT.source": "a", "B": "c"]))
        #expect(first.count % 512 == 0)
        #expect(try ExtentReader.bytes(of: write(Self.tree(), records: ["B": "c", "LINUXKIT.source": "a"])) == first)
    }

    @Test func bsdtarListsIt() throws {
        try withTemporaryDirectory { folder in
            var tree = FileTree()
            tree.set(.root, .directory(mode: 0o711))
            tree.set("a", .directory())
            tree.set(
                "a/f",
                FileTree.Node(
                    .regular(ExtentList(bytes: [1, 2, 3])), mode: 0o4755, uid: 3_000_000, gid: 5, modified: 86400))
            _ = tree.link("a/g", to: "a/f")
            tree.set("a/l", .symlink("f"))
            tree.set("a/n", FileTree.Node(.characterDevice(major: 1, minor: 3), mode: 0o666))
            try TestFile.write(try ExtentReader.bytes(of: write(tree, under: "p")), to: "\(folder)/tar")
            let answer = try run("bsdtar", "--numeric-owner", "-tvf", "\(folder)/tar")
            #expect(
                answer.text == """
                    drwx--x--x  0 0      0           0 Jan  1  1970 p/
                    drwxr-xr-x  0 0      0           0 Jan  1  1970 p/a/
                    -rwsr-xr-x  0 3000000  5           3 Jan  2  1970 p/a/f
                    hrwsr-xr-x  0 3000000  5           0 Jan  2  1970 p/a/g link to p/a/f
                    lrwxrwxrwx  0 0        0           0 Jan  1  1970 p/a/l -> f
                    crw-rw-rw-  0 0        0         1,3 Jan  1  1970 p/a/n

                    """)
        }
    }

    @Test(arguments: [["env", "LC_ALL=C.UTF-8", "bsdtar", "-xpf"], ["tar", "-xpf"]])
    func toolsUnpackIt(tool: [String]) throws {
        var tree = Self.tree()
        // Nodes that only root may make, and owners.
        for path in ["big", "dev/console", "dev/sda"] as [TreePath] { tree.remove(path) }
        let archive = try write(tree)
        try withTemporaryDirectory { folder in
            try TestFile.write(try ExtentReader.bytes(of: archive), to: "\(folder)/tar")
            try FileManager.default.createDirectory(atPath: "\(folder)/out", withIntermediateDirectories: false)
            let extra = tool[0] == "tar" ? ["--no-same-owner", "--warning=none"] : ["-o"]
            let answer = try run(tool + ["\(folder)/tar"] + extra, folder: "\(folder)/out")
            #expect(answer.status == 0, "\(String(decoding: answer.errors, as: UTF8.self))")
            #expect(try names(in: "\(folder)/out").sorted() == tree.paths.map(\.description).sorted())
            #expect(
                try run("stat", "-c", "%a %Y %h", "before", "one", folder: "\(folder)/out").lines == [
                    "755 -100 2", "644 0 4",
                ])
            #expect(try TestFile.read("\(folder)/out/three") == Array("linked".utf8))
        }
    }

    private func names(in folder: String) throws -> [String] {
        try run("find", ".", "-mindepth", "1", "-printf", "%P\\0", folder: folder).output.split(separator: 0).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test func recordsAreWritten() throws {
        var tree = FileTree()
        tree.set("a", .file(""))
        let bytes = try ExtentReader.bytes(
            of: write(tree, records: ["LINUXKIT.source": "docker.io/x", "LINUXKIT.location": "init[0]"]))
        let text = String(decoding: bytes[512..<1024], as: UTF8.self)
        #expect(text.hasPrefix("29 LINUXKIT.location=init[0]\n31 LINUXKIT.source=docker.io/x\n\0"))
        #expect(try FileTree.tar(ExtentList(bytes: bytes)).paths == ["a"])
    }

    /// A record's length counts its own digits: around 10, 100 and 1000 the count grows by them.
    @Test func recordLengthsAreRight() throws {
        for count in Array(1...110) + Array(970...1010) {
            let long = String(repeating: "v", count: count)
            let archive = try tar { try $0.add("a", .file("x"), records: ["MOBY.k": long]) }
            #expect(try FileTree.tar(archive).paths == ["a"], "\(count)")
        }
    }

    @Test func largeFileHasItsLength() throws {
        let length: UInt64 = 9 << 30
        let node = FileTree.Node(.regular(ExtentList([.hole(length)])), mode: 0o644)
        struct Stop: Error {}
        let head = Bytes()
        let writer = TarWriter { bytes in
            if head.all.count >= 1536 { throw Stop() }
            head.all.append(contentsOf: bytes)
        }
        #expect(throws: Stop.self) { try writer.add("big", node) }
        var archive = ExtentList(bytes: Array(head.all.prefix(1536)))
        archive.append(.hole(length + 1024))
        guard case .regular(let contents)? = try FileTree.tar(archive)["big"]?.kind else {
            Issue.record("not a regular file")
            return
        }
        #expect(contents.length == length)
    }
}

/// Archives that other tools wrote. What bsdtar or tar read from them is what our ranges must say.
@Suite struct TarDialectTests {
    static let writers = [
        "tar --format=pax", "tar --format=gnu", "tar --format=ustar", "tar --format=oldgnu", "tar --format=v7",
        "bsdtar --format=pax",
        "bsdtar --format=ustar", "bsdtar --format=gnutar", "tar --format=gnu -S", "tar --format=oldgnu -S",
        "tar --format=pax -S --sparse-version=0.0", "tar --format=pax -S --sparse-version=0.1",
        "tar --format=pax -S --sparse-version=1.0",
        "bsdtar --format=pax --read-sparse",
    ]

    /// Some builders leave out the last padding and the end of the archive; contents that are not whole are an error
    /// all the same.
    @Test func archiveMayEndAfterItsLastContents() throws {
        let whole = try ExtentReader.bytes(of: tar { try $0.add("a", .file("hello")) })
        let tree = try FileTree.tar(ExtentList(bytes: Array(whole.prefix(512 + 5))))
        #expect(tree["a"] != nil)
        #expect(throws: (any Error).self) { try FileTree.tar(ExtentList(bytes: Array(whole.prefix(512 + 4)))) }
    }

    @Test(arguments: writers)
    func contentsAreRangesOfTheArchive(writer: String) throws {
        try withTemporaryDirectory { folder in
            // v7 and ustar cannot say all: long names are left to the others.
            let long =
                writer.contains("v7") || writer.contains("ustar")
                ? "" : "mkdir $(printf 'L%.0s' $(seq 150)); cd L*; cp ../1 $(printf 'M%.0s' $(seq 200)); cd ..;"
            let script = """
                umask 22; mkdir d; cd d; mkdir sub; for n in 0 1 511 512 513 1024 70000; do head -c $n /dev/urandom > $n; done
                \(long) ln 513 hard; ln -s 513 sym; touch -d @1000000000 *; chmod 4711 512
                printf caf > "$(printf 'caf\\303\\251')"; printf x > "$(printf 'bad\\377')"
                truncate -s 3000000 sparse; printf middle | dd of=sparse bs=1 seek=1500000 conv=notrunc status=none; printf end >> sparse
                truncate -s 5000000 hole; for i in $(seq 30); do printf $i | dd of=many bs=1 seek=$((i * 50000)) conv=notrunc status=none; done
                cd ..; \(writer) -cf a.tar d 2>/dev/null; test -s a.tar; mkdir out; tar -xpf a.tar -C out
                """
            let made = try run("sh", "-ec", script, folder: folder)
            #expect(made.status == 0, "\(String(decoding: made.errors, as: UTF8.self))")
            let tree = try FileTree.tar(ExtentList(file: "\(folder)/a.tar"))
            let names = try run("find", "out/d", "-type", "f", "-printf", "%P\\0", folder: folder).output.split(
                separator: 0)
            #expect(names.count >= 12)
            for name in names {
                let path = TreePath("d".utf8)?.appending(try #require(TreePath(name))) ?? .root
                guard case .regular(let ours)? = tree[path]?.kind else {
                    Issue.record("'\(path)' is missing")
                    continue
                }
                let theirs = try contents(Array("\(folder)/out/".utf8) + path.bytes)
                #expect(try ExtentReader.bytes(of: ours) == theirs, "\(path)")
            }
            #expect(tree.identity(of: "d/hard") == tree.identity(of: "d/513"))
            #expect(tree["d/512"]?.mode == 0o4711 && tree["d/512"]?.modified == 1_000_000_000)
            if writer.contains("-S") { try checkSparse(tree) }
        }
    }

    /// Holes of a sparse file stay holes.
    private func checkSparse(_ tree: FileTree) throws {
        guard case .regular(let contents)? = tree["d/many"]?.kind else {
            Issue.record("no sparse file")
            return
        }
        #expect(contents.dataRanges.count > 20)
        #expect(contents.dataRanges.reduce(0) { $0 + $1.upperBound - $1.lowerBound } < 300_000)
    }

    @Test func attributesOfGNUTarAreRead() throws {
        // SCHILY.xattr records, as GNU tar, Docker and BuildKit write them.
        let value: [UInt8] = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let node = FileTree.Node(
            .regular(ExtentList()), mode: 0o755,
            attributes: [.init(name: "user.a=b", value: []), .init(name: "security.capability", value: value)]
                .reversed())
        let tree = try FileTree.tar(try tar { try $0.add("ping", node) })
        #expect(tree["ping"]?.attributes.first == .init(name: "security.capability", value: value))
    }

    @Test(arguments: ["", "1k", "10k"])
    func emptyArchivesAreEmpty(zeros: String) throws {
        let length: UInt64 = zeros.isEmpty ? 0 : zeros == "1k" ? 1024 : 10240
        #expect(try FileTree.tar(ExtentList([.hole(length)])).isEmpty)
    }
}
