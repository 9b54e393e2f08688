import Archive
import Extents
import Foundation
import Glibc
import MobySpec
import OCI
import TestSupport
import Testing

@testable import MobyPackage

/// What lies in a package's folder, and what is made of it.
@Suite struct PackageFolderTests {
    /// A folder with `build.yml` and a tree of links.
    private static func make(_ directory: String, _ text: String) throws -> String {
        let path = "\(directory)/pkg"
        for folder in ["tree/dir", "tree/bin"] {
            try FileManager.default.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
        }
        try Data(text.utf8).write(to: URL(filePath: "\(path)/build.yml"))
        for file in ["tree/f", "tree/dir/z"] { try Data("x".utf8).write(to: URL(filePath: "\(path)/\(file)")) }
        let links = [
            "tree/broken": "foo/bar", "tree/abs": "/etc/passwd", "tree/linkfile": "f", "tree/linkdir": "dir",
            "tree/loop": "loop",
            "tree/bin/up": "../f", "out": "/etc/passwd", "in": "tree/f", "folder": "tree", "gone": "nowhere",
            "above": "..",
        ]
        for (name, target) in links {
            try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
        }
        return path
    }

    private static func builder(_ directory: String, _ recorded: RecordedProgress? = nil) throws -> PackageBuilder {
        var store = try ContentStore(path: "\(directory)/store")
        if let recorded { store.progress = recorded.reporter }
        return PackageBuilder(
            store: store, products: Products(folder: "/x"),
            options: PackageBuilder.Options(environment: [:]))
    }

    private static func told(_ error: SpecError?) -> [String] {
        (error?.diagnostics ?? []).map {
            "\($0.location?.line ?? 0):\($0.location?.column ?? 0): \($0.message) | \($0.hint ?? "")"
        }
    }

    /// As COPY of a Dockerfile: links stay links, wherever they lead.
    @Test(arguments: ["tree", "folder"])
    func linksOfASourceStayLinks(source: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = try Self.make(
                directory,
                "image: t\nfiles:\n  - {path: opt/t, source: \(source), mode: '0600'}\n  - {path: one, source: in}\n")
            let builder = try Self.builder(directory)
            let image = try await builder.build(path).image
            let tree = try FileTree.flatten(layers: builder.store.uncompressedLayers(of: image))
            let found = tree.paths.filter { $0.description.hasPrefix("opt/") || $0.description == "one" }.map { path in
                switch tree[path]?.kind {
                case .symlink(let target): "\(path) -> \(String(decoding: target, as: UTF8.self))"
                case .directory: "\(path)/"
                case .regular: "\(path) \(String(tree[path]?.mode ?? 0, radix: 8))"
                default: "\(path)?"
                }
            }
            #expect(
                found == [
                    "one 644", "opt/t/", "opt/t/abs -> /etc/passwd", "opt/t/bin/", "opt/t/bin/up -> ../f",
                    "opt/t/broken -> foo/bar",
                    "opt/t/dir/", "opt/t/dir/z 600", "opt/t/f 600", "opt/t/linkdir -> dir", "opt/t/linkfile -> f",
                    "opt/t/loop -> loop",
                ])
        }
    }

    /// `/bin` is a link to `/usr/bin` in every image: a link that moves there leads to the same file as before.
    @Test func linkThatMovesKeepsItsTarget() async throws {
        try await withTemporaryDirectory { directory in
            let path = try Self.make(
                directory, "image: t\nfiles: [{path: bin, source: tree/bin}, {path: sbin/x, symlink: ../f}]\n")
            let builder = try Self.builder(directory)
            let tree = try FileTree.flatten(
                layers: builder.store.uncompressedLayers(of: try await builder.build(path).image))
            for name in ["usr/bin/up", "usr/sbin/x"] {
                guard let target = TreePath(name.utf8), case .symlink(let target)? = tree[target]?.kind else {
                    Issue.record("\(name) is no link")
                    continue
                }
                #expect(String(decoding: target, as: UTF8.self) == "/f")
            }
        }
    }

    @Test func tagKnowsWhereLinksLead() throws {
        try withTemporaryDirectory { directory in
            let path = try Self.make(directory, "image: t\nfiles: [{path: x, source: tree}]\n")
            let builder = try Self.builder(directory)
            let before = try builder.reference(of: path)
            try FileManager.default.removeItem(atPath: "\(path)/tree/broken")
            try FileManager.default.createSymbolicLink(atPath: "\(path)/tree/broken", withDestinationPath: "foo/baz")
            #expect(try builder.reference(of: path) != before)
        }
    }

    @Test(arguments: [
        (
            "out",
            "4:13: source 'out' leads to '/etc/passwd', which is outside the package's folder | copy it into the folder"
        ),
        (
            "above",
            "4:13: source 'above' leads to 'TOP', which is outside the package's folder | copy it into the folder"
        ),
        (
            "above/pkg2",
            "4:13: source 'above/pkg2' leads to 'TOP/pkg2', which is outside the package's folder | copy it into the folder"
        ),
        ("gone", "4:13: source 'gone' is a link to 'nowhere', which does not exist | "),
        ("nosuch", "4:13: source 'nosuch' does not exist | sources are files and folders next to build.yml"),
        ("special", "4:13: source 'special/pipe' is a FIFO, expected a file, a folder or a link | "),
        ("special/pipe", "4:13: source 'special/pipe' is a FIFO, expected a file, a folder or a link | "),
    ])
    func sourceThatCannotBeTakenIsAnError(source: String, expected: String) throws {
        try withTemporaryDirectory { directory in
            let path = try Self.make(directory, "image: t\nfiles:\n  - path: x\n    source: \(source)\n")
            for folder in ["\(path)/special", "\(directory)/pkg2"] {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            try #require(mkfifo("\(path)/special/pipe", 0o600) == 0)
            let error = #expect(throws: SpecError.self) { try Self.builder(directory).reference(of: path) }
            let top = URL(filePath: directory).resolvingSymlinksInPath().path
            #expect(Self.told(error) == [expected.replacing("TOP", with: top)])
        }
    }

    /// Lists of paths are sources too, and their lines paths of the image.
    @Test(arguments: [
        (
            "out",
            "2:17: source 'out' leads to '/etc/passwd', which is outside the package's folder | copy it into the folder"
        ),
        ("lines", "3:1: the path is '../x', expected a path inside, without '..' | "),
    ])
    func listOfPathsIsChecked(list: String, expected: String) throws {
        try withTemporaryDirectory { directory in
            let path = try Self.make(directory, "image: t\nfiles: [{paths: \(list), symlink: /x}]\n")
            try Data("# links\nusr/bin/a\n../x\n".utf8).write(to: URL(filePath: "\(path)/lines"))
            #expect(Self.told(#expect(throws: SpecError.self) { try PackageFolder(path) }) == [expected])
        }
    }

    /// Unpackers may follow a link out of the image.
    @Test(arguments: [
        ("[{path: x, contents: a}, {path: x/y, contents: c}]", "2:33: 'x/y' is below 'x', which is not a directory"),
        (
            "[{path: s, symlink: /tmp/e}, {path: s/t/u, contents: c}]",
            "2:37: 's/t/u' is below 's', which is not a directory"
        ),
        ("[{path: a, contents: b}, {path: a, contents: c}]", "2:33: duplicate file 'a' (first on line 2)"),
    ])
    func filesDoNotCollide(files: String, expected: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = try Self.make(directory, "image: t\nfiles: \(files)\n")
            let error = await #expect(throws: SpecError.self) { try await Self.builder(directory).build(path) }
            #expect(Self.told(error).map { String($0.prefix { $0 != "|" }.dropLast()) } == [expected])
        }
    }

    /// The file that makes a folder one of Docker's or LinuxKit's counts, whatever `build.yml` says, and before it is
    /// read.
    @Test(arguments: ["Dockerfile", "Containerfile"], ["", "image: t\n", "image: t\nnetwork: true\n"])
    func folderWithADockerfileIsAnError(file: String, text: String) throws {
        try withTemporaryDirectory { directory in
            if !text.isEmpty { try Data(text.utf8).write(to: URL(filePath: "\(directory)/build.yml")) }
            try Data("FROM alpine\n".utf8).write(to: URL(filePath: "\(directory)/\(file)"))
            let error = #expect(throws: PackageError.self) { try PackageFolder(directory) }
            #expect(error.map { "\($0)" } == "'\(directory)' has a \(file), which moby does not build")
            #expect(error?.hint?.contains("docker-archive:FILE") == true)
        }
    }

    /// Each is named, and a FIFO is neither waited for nor treated as an empty file.
    @Test(arguments: ["build.yml", "build.lock"], ["fifo", "folder", "huge"])
    func aDefinitionThatIsNotASmallFileIsAnError(file: String, kind: String) throws {
        try withTemporaryDirectory { directory in
            try Data("image: t\npackages: [a]\n".utf8).write(to: URL(filePath: "\(directory)/build.yml"))
            let path = "\(directory)/\(file)"
            unlink(path)
            switch kind {
            case "fifo": try #require(mkfifo(path, 0o600) == 0)
            case "folder": try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            default:
                try Data().write(to: URL(filePath: path))
                try #require(truncate(path, 17 << 20) == 0)
            }
            let error = #expect(throws: UnfitFile.self) { try PackageFolder(directory) }
            #expect(error?.description.hasPrefix("'\(path)' ") == true)
        }
    }

    @Test func folderWithoutBuildFileIsAnError() throws {
        try withTemporaryDirectory { directory in
            let error = #expect(throws: PackageError.self) { try PackageFolder(directory) }
            #expect(
                error.map { "\($0)" }
                    == "'\(directory)' is not a package folder: it has no build.yml")
            try Data().write(to: URL(filePath: "\(directory)/file"))
            let other = #expect(throws: PackageError.self) { try PackageFolder("\(directory)/file") }
            #expect(
                other.map { "\($0)" } == "'\(directory)/file' is not a folder, expected a folder with a build.yml")
        }
    }

    @Test(arguments: [
        ("", "1:8: image 't' has no files | add 'packages', 'files', 'products' or 'kernel'"),
        (
            "files: [{path: usr/bin, directory: true}]",
            "1:8: image 't' has no files | add 'packages', 'files', 'products' or 'kernel'"
        ),
        ("files: [{path: bin/x, source: run}]\ncmd: [/bin/y]", "3:7: cmd runs '/bin/y', which is not in the image | "),
        (
            "files: [{path: bin/prog, source: run}]\ncmd: [/bin/porg]",
            "3:7: cmd runs '/bin/porg', which is not in the image | "
        ),
        (
            "files: [{path: bin/prog, source: run}]\ncmd: [/opt/prog]",
            "3:7: cmd runs '/opt/prog', which is not in the image | did you mean '/usr/bin/prog'?"
        ),
        (
            "files: [{path: bin/x, contents: y}]\nentrypoint: [x]\ncmd: [-v]",
            "3:14: entrypoint runs 'x', which is not executable | "
        ),
        ("files: [{path: opt/x, directory: true}]\ncmd: [/opt/x]", "3:7: cmd runs '/opt/x', which is a folder | "),
        (
            "files: [{path: opt/x, source: run}]\nenv: ['PATH=/bin']\ncmd: [x]",
            "4:7: cmd runs 'x', which is not in the image | did you mean '/opt/x'?"
        ),
        (
            "files: [{path: bin/x, symlink: loop}, {path: bin/loop, symlink: x}]\ncmd: [/bin/x]",
            "3:7: cmd runs '/bin/x', which is a broken link | "
        ),
    ])
    func imageThatCannotRunIsAnError(text: String, expected: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = try Self.make(directory, "image: t\n\(text)\n")
            try Data("#!".utf8).write(to: URL(filePath: "\(path)/run"))
            try #require(chmod("\(path)/run", 0o755) == 0)
            let error = await #expect(throws: SpecError.self) { try await Self.builder(directory).build(path) }
            #expect(Self.told(error) == [expected])
            #expect(try Self.builder(directory).store.entries().isEmpty)
        }
    }

    @Test func patternsThatLeaveOutNothingAreAWarning() async throws {
        try await withTemporaryDirectory { directory in
            let path = try Self.make(
                directory, "image: t\nfiles: [{path: x, contents: y}]\ndrop: [usr/share/nosuch]\nkeep: ['**/no']\n")
            let recorded = RecordedProgress()
            _ = try await Self.builder(directory, recorded).build(path)
            #expect(
                recorded.lines.filter { $0.hasPrefix("warning: ") } == [
                    "warning: t: \(path)/build.yml:3:8: 'drop: usr/share/nosuch' matches nothing",
                    "warning: t: \(path)/build.yml:4:8: 'keep: **/no' matches nothing",
                ])
        }
    }

    @Test(arguments: [
        "files: [{path: bin/x, source: run}]\ncmd: [x, -v]",
        "files: [{path: usr/sbin/x, source: run}]\nentrypoint: [/sbin/x]",
        "files: [{path: opt/x, source: run}, {path: bin/l, symlink: ../opt/x}]\ncmd: [/bin/l]",
        "files: [{path: opt/x, source: run}]\nworkdir: /opt\ncmd: [./x]",
        "files: [{path: opt/x, source: run}]\nenv: ['PATH=/opt:/bin']\ncmd: [x]",
        "files: [{path: x, contents: y}]\ncmd: [/data/x]\nconfig: {binds: ['/data:/data:ro']}",
        "files: [{path: x, contents: y}]\ncmd: [/data/x]\nconfig: {mounts: [{type: bind, source: /d, destination: /data}]}",
        "files: [{path: x, contents: y}]",
    ])
    func imageThatCanRunIsBuilt(text: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = try Self.make(directory, "image: t\n\(text)\n")
            try Data("#!".utf8).write(to: URL(filePath: "\(path)/run"))
            try #require(chmod("\(path)/run", 0o755) == 0)
            #expect(try await Self.builder(directory).build(path).isNew)
        }
    }
}
