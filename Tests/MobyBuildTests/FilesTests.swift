import Archive
import Extents
import FoundationEssentials
import Glibc
import MobySpec
import Testing

@testable import MobyBuild

struct FilesTests {
    static func tree(_ yaml: String, root: [(String, Workshop.Entry)] = [], home: String? = nil) throws -> SpecTree {
        let spec = try Workshop.spec(yaml)
        var state = RootState()
        state.unpack(RootListing(try Workshop.tree(root)), from: "init")
        var tree = SpecTree(over: state)
        for file in spec.files {
            tree.add(file: file, SpecTree.FileContext(spec: spec, identities: IdentityTable(spec), home: home))
        }
        return tree
    }

    struct Case: CustomTestStringConvertible {
        let entry: String
        var root: [(String, Workshop.Entry)] = []
        let expected: String
        var testDescription: String { entry }
    }

    @Test(arguments: [
        Case(entry: "path: a, contents: x", expected: "- 600 0:0 a 'x'\n"),
        Case(entry: "path: /a/b, contents: x, mode: \"0644\"", expected: "d 755 0:0 a/\n- 644 0:0 a/b 'x'\n"),
        Case(entry: "path: a/b, contents: x, uid: 5, gid: web", expected: "d 700 5:100 a/\n- 600 5:100 a/b 'x'\n"),
        Case(entry: "path: a/b, contents: x", root: [("a", .directory(mode: 0o711))], expected: "- 600 0:0 a/b 'x'\n"),
        Case(
            entry: "path: lib/x/y, contents: x",
            root: [("usr", .directory()), ("usr/lib", .directory()), ("lib", .link("usr/lib"))],
            expected: "d 700 0:0 usr/lib/x/\n- 600 0:0 usr/lib/x/y 'x'\n"),
        Case(entry: "path: a, directory: true", expected: "d 700 0:0 a/\n"),
        Case(entry: "path: a/b, directory: true, mode: \"0750\"", expected: "d 750 0:0 a/\nd 750 0:0 a/b/\n"),
        Case(entry: "path: a, symlink: /b", expected: "l 777 0:0 a -> /b\n"),
        Case(entry: "path: a, contents: \"\"", expected: "- 600 0:0 a ''\n"),
        Case(entry: "path: a, source: /none, optional: true", expected: ""),
        Case(
            entry: "path: var/lib/host, directory: true",
            expected:
                "d 755 0:0 etc/\nd 755 0:0 etc/moby/\nd 755 0:0 etc/moby/overmount/\nd 755 0:0 etc/moby/overmount/var/\n"
                + "d 755 0:0 etc/moby/overmount/var/lib/\nd 700 0:0 etc/moby/overmount/var/lib/host/\n"
                + "d 700 0:0 var/\nd 700 0:0 var/lib/\nd 700 0:0 var/lib/host/\n"),
        Case(
            entry: "path: var/run/y, contents: y, mode: \"0644\", uid: 7",
            expected:
                "d 755 0:0 etc/\nd 755 0:0 etc/moby/\nd 755 0:0 etc/moby/overmount/\nd 755 0:0 etc/moby/overmount/run/\n"
                + "- 644 7:0 etc/moby/overmount/run/y 'y'\nd 755 7:0 var/\nd 755 7:0 var/run/\n- 644 7:0 var/run/y 'y'\n"
        ),
        Case(entry: "path: tmp, directory: true", expected: "d 1777 0:0 tmp/\n"),
        Case(entry: "path: dev/x, symlink: y", expected: "d 700 0:0 dev/\nl 777 0:0 dev/x -> y\n"),
        Case(entry: "path: b/a, source: /none, optional: true", expected: ""),
    ])
    func entry(_ test: Case) throws {
        let tree = try Self.tree("services:\n  - {name: web, image: x}\nfiles:\n  - {\(test.entry)}\n", root: test.root)
        #expect(tree.problems == [])
        #expect(try listing(tree.tree) == test.expected)
    }

    @Test(arguments: [
        ("path: a, source: /tmp", "source '/tmp': it is a directory, not a file"),
        ("path: a, source: /tmp, optional: true", "source '/tmp': it is a directory, not a file"),
        ("path: a, source: /dev/zero", "source '/dev/zero': it is a device, not a regular file"),
        ("path: a, source: ~/x", "source '~/x' needs a home directory, but HOME is not set"),
    ])
    func problem(_ entry: String, _ message: String) throws {
        let tree = try Self.tree("files:\n  - {\(entry)}\n")
        #expect(tree.problems.map(\.message) == [message])
        #expect(tree.problems.first?.location?.line == 2)
    }

    @Test func sourceIsReadFromTheHomeDirectory() async throws {
        try await Workshop.with { workshop in
            try Data("key".utf8).write(to: URL(filePath: workshop.folder + "/id.pub"))
            let tree = try Self.tree(
                "files:\n  - {path: keys, source: ~/id.pub, mode: \"0400\"}\n", home: workshop.folder)
            #expect(try listing(tree.tree) == "- 400 0:0 keys 'key'\n")
        }
    }

    @Test func aMissingSourceIsNoErrorOfTheTree() throws {
        let tree = try Self.tree("files:\n  - {path: a, source: /none}\n")
        #expect(tree.problems.isEmpty && tree.tree.isEmpty)
        #expect(tree.missing.map(\.message) == ["source '/none': No such file or directory"])
        #expect(tree.missing.first?.location?.line == 2 && tree.missing.first?.severity == .error)
    }

    @Test func whatIsLeftOutIsNoted() throws {
        let tree = try Self.tree("files:\n  - {path: a/k, source: \"/none\\e[31m\", optional: true}\n")
        #expect(
            tree.notes == [
                "left out: '/a/k', whose optional source '/none\\x1b[31m' cannot be read: No such file or directory"
            ])
    }

    @Test func specialFilesAreNeverOpened() async throws {
        try await Workshop.with { workshop in
            let pipe = workshop.folder + "/pipe"
            #expect(mkfifo(pipe, 0o600) == 0)
            for more in ["", ", optional: true"] {
                let tree = try Self.tree("files:\n  - {path: a, source: \(pipe)\(more)}\n")
                #expect(
                    tree.problems.map(\.message) == [
                        "source '\(PlainText.short(pipe))': it is a pipe, not a regular file"
                    ])
            }
        }
    }

    @Test(arguments: ["/proc/self/stat", "/proc/version", "/sys/kernel/mm/transparent_hugepage/enabled"])
    func whatSaysNothingOfItsLengthIsReadToItsEnd(_ path: String) throws {
        guard access(path, R_OK) == 0 else { return }
        let tree = try Self.tree("files:\n  - {path: a, source: \(path)}\n")
        #expect(tree.problems == [])
        let bytes = tree.tree.bytes(of: TreePath("a"))
        #expect(!bytes.isEmpty && bytes.last == 0x0A && bytes.count < 4096)
    }

    @Test func whatIsHiddenIsKeptTwiceAsOneFile() throws {
        let tree = try Self.tree("files:\n  - {path: tmp/z, contents: z}\n  - {path: etc/z, contents: z}\n").tree
        let copy = try #require(tree.identity(of: TreePath("etc/moby/overmount/tmp/z")))
        #expect(tree.identity(of: TreePath("tmp/z")) == copy)
        #expect(tree[TreePath("etc/moby/overmount/etc")] == nil)
    }

    @Test func aDirectoryIsNotReplaced() throws {
        let tree = try Self.tree(
            "files:\n  - {path: a/b, contents: x}\n  - {path: a, contents: x}\n  - {path: a/b, directory: true}\n")
        #expect(
            tree.problems.map(\.message) == [
                "'/a' is a directory for the entry 'a/b' of files and a file for the entry 'a' of files",
                "'/a/b' is a file for the entry 'a/b' of files and a directory for the entry 'a/b' of files",
            ])
    }

    @Test func theOtherPartyIsNamed() {
        var tree = SpecTree(over: RootState())
        let location = SourceLocation(file: "web.yml", line: 3, column: 5)
        tree.file("etc/moby", "x", by: SpecTree.Author(name: "the entry 'etc/moby' of files", location: location))
        tree.directory("etc/moby")
        #expect(
            tree.problems.map(\.message) == [
                "'/etc/moby' is a file for the entry 'etc/moby' of files and a directory for the build"
            ])
        #expect(tree.problems.first?.location == location)
    }

    @Test func aFileCannotLieInAFile() throws {
        let tree = try Self.tree("files:\n  - {path: a, contents: x}\n  - {path: a/b, contents: x}\n")
        #expect(
            tree.problems.map(\.message) == [
                "'/a/b' cannot be in '/a', which is not a directory in the entry 'a' of files"
            ])
        #expect(tree.problems.first?.location?.line == 3)
    }

    @Test func metadataIsTheSpecItself() throws {
        let yaml =
            "services:\n  - {name: web, image: nginx}\nfiles:\n  - {path: spec.yml, metadata: yaml}\n  - {path: spec.json, metadata: json}\n"
        let tree = try Self.tree(yaml).tree
        let text = String(decoding: tree.bytes(of: TreePath("spec.yml")), as: UTF8.self)
        let again = try Workshop.spec(text)
        #expect(again.services.map(\.name) == ["web"] && again.files.count == 2)
        let json = String(decoding: tree.bytes(of: TreePath("spec.json")), as: UTF8.self)
        #expect(try Workshop.spec(json).services.map(\.name) == ["web"])
    }
}
