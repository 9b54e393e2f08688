import Archive
import Extents
import Foundation
import TestSupport
import Testing

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

    /// Some builders leave out the last padding and the end of the archive; contents that are not whole are a fault all
    /// the same.
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
