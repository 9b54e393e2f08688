import Foundation
import TestSupport
import Testing

/// The store on the command line: what makes one, and what cleaning touches.
struct CacheCommandTests {
    private static let looking: [[String]] = [
        ["lint", "examples/minimal.yml"], ["build", "--dry-run", "examples/minimal.yml"],
        ["pkg", "show-tag", "pkg/busybox"],
        ["cache", "ls"], ["cache", "ls", "--json"], ["cache", "prune"], ["cache", "verify"],
        ["cache", "verify", "--repair"],
        ["cache", "rm", "x"], ["cache", "export", "--outfile", "/dev/null/x", "x"], ["cache", "push", "localhost:1/x"],
        ["cache", "clean", "--dry-run"], ["explain", "--offline", "examples/minimal.yml", "none"],
    ]

    @Test(arguments: looking, ["absent", "foreign"]) func commandsThatLookMakeNoStore(
        _ command: [String], _ kind: String
    ) throws {
        try withTemporaryDirectory { folder in
            let store = "\(folder)/store"
            if kind == "foreign" { try TestFile.write("mine", to: "\(store)/thesis.txt") }
            let before = try TestFile.tree(in: folder)
            _ = try Program.run(command + ["--cache", store])
            #expect(try TestFile.tree(in: folder) == before)
        }
    }

    /// A user without a home, or without the right to write there.
    @Test func lintNeedsNoFolder() throws {
        let result = try Program.run(["lint", "examples/minimal.yml"], environment: ["MOBY_CACHE": "/proc/none/store"])
        #expect(result.status == 0, "\(result.error)")
        let build = try Program.run(["pkg", "build", "pkg/runc"], environment: ["MOBY_CACHE": "/proc/none/store"])
        #expect(
            build.status == 1 && build.error.contains("--cache") && build.error.contains("MOBY_CACHE"), "\(build.error)"
        )
    }

    @Test func cleaningAsksFirst() throws {
        try withTemporaryDirectory { folder in
            let store = "\(folder)/store"
            func clean(_ options: String...) throws -> Program.Result {
                try Program.run(["cache", "clean", "--cache", store] + options)
            }
            #expect(try clean().status == 0)
            try makeStore(store)
            let refused = try clean()
            #expect(
                refused.status == 64 && refused.error.contains("'moby cache clean --force' removes 0 images"),
                "\(refused.error)")
            let dry = try clean("--dry-run")
            #expect(dry.status == 0 && dry.output.hasPrefix("would remove 0 images, 2 files"), "\(dry.output)")
            try TestFile.write("mine", to: "\(store)/thesis.txt")
            let forced = try clean("--force")
            #expect(
                forced.status == 0 && forced.error.contains("kept, since moby did not write it: thesis.txt"),
                "\(forced.error)")
            #expect(try TestFile.tree(in: folder) == ["store/", "store/thesis.txt"])
            let foreign = try clean("--force")
            #expect(foreign.status == 1 && foreign.error.contains("is not an image store"), "\(foreign.error)")
            #expect(try TestFile.tree(in: folder) == ["store/", "store/thesis.txt"])
        }
    }

    /// A file or a folder with other files is named, not treated as an empty store.
    @Test(arguments: [["ls"], ["verify"], ["prune"], ["rm", "x"], ["clean", "--force"]])
    func whatIsNotAStoreIsNamed(command: [String]) throws {
        try withTemporaryDirectory { folder in
            try TestFile.write("mine", to: "\(folder)/thesis.txt")
            let other = try Program.run(["cache"] + command, environment: ["MOBY_CACHE": folder])
            #expect(other.status == 1 && other.error.contains("'\(folder)' is not an image store"), "\(other.error)")
            let file = try Program.run(["cache"] + command, environment: ["MOBY_CACHE": "\(folder)/thesis.txt"])
            #expect(file.status == 1 && file.error.contains("thesis.txt' is not a folder"), "\(file.error)")
        }
    }

    @Test(arguments: [
        ("cache export -o x.tar web", "unknown option '-o'\n  hint: name the archive with --outfile"),
        ("pkg push pkg/busybox", "unknown command 'pkg push'\n  hint: push the image with 'moby cache push'"),
    ])
    func habitsAreHinted(arguments: String, message: String) throws {
        let result = try Program.run(arguments.split(separator: " ").map(String.init))
        #expect(result.status == 64 && result.error.contains(message), "\(result.error)")
    }

    /// The formats of archives are named when a file has none of them.
    @Test func importNamesItsFormats() throws {
        try withTemporaryDirectory { folder in
            try TestFile.write("not an archive", to: "\(folder)/x")
            let result = try Program.run(["cache", "import", "--cache", "\(folder)/store", "\(folder)/x"])
            #expect(result.status == 1 && result.error.contains("\n  hint: "), "\(result.error)")
            #expect(result.error.contains("'moby cache export'") && result.error.contains("'docker save'"))
        }
    }

    /// An archive without an image leaves an empty store.
    private func makeStore(_ path: String) throws {
        try withTemporaryDirectory { folder in
            _ = try EndedProcess("tar", ["-czf", "\(folder)/x.tar.gz", "--files-from", "/dev/null"])
            _ = try Program.run(["cache", "import", "--cache", path, "\(folder)/x.tar.gz"])
        }
    }

    /// An image `web:2` with one empty layer, as 'docker save' writes it.
    private func imageArchive(in folder: String) throws -> String {
        let layer = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
        let config =
            #"{"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:%"]}}"#
        try TestFile.write(config.replacing("%", with: layer), to: "\(folder)/web/config.json")
        try TestFile.write(
            #"[{"Config": "config.json", "RepoTags": ["web:2"], "Layers": ["layer.tar"]}]"#,
            to: "\(folder)/web/manifest.json")
        try TestFile.write(String(repeating: "\0", count: 1024), to: "\(folder)/web/layer.tar")
        _ = try EndedProcess("tar", ["-cf", "\(folder)/web.tar", "-C", "\(folder)/web", "."])
        return "\(folder)/web.tar"
    }

    /// What programs read: docs/command-line.md lists the members.
    @Test(arguments: [
        (["ls", "--json"], ["[]"]), (["prune", "--json"], ["dryRun", "files", "bytes", "shared"]),
        (["prune", "--dry-run", "--json"], ["\"dryRun\": true"]),
        (["verify", "--json"], ["bytes", "repaired", "damaged", "stuck", "derived", "incomplete"]),
        (["clean", "--dry-run", "--json"], ["dryRun", "path", "images", "files", "bytes", "kept", "folderRemoved"]),
        (["clean", "--force", "--json"], ["\"folderRemoved\": true"]),
    ]) func documentsHaveTheirMembers(_ command: [String], _ members: [String]) throws {
        try withTemporaryDirectory { folder in
            let store = "\(folder)/store"
            try makeStore(store)
            let result = try Program.run(["cache"] + command + ["--cache", store])
            #expect(result.status == 0, "\(result.error)")
            _ = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
            for member in members { #expect(result.output.contains(member), "\(result.output)") }
        }
    }

    @Test func listHasSizesAgesAndPlatforms() throws {
        try withTemporaryDirectory { folder in
            let store = ["--cache", "\(folder)/store"]
            let archive = try imageArchive(in: folder)
            let imported = try Program.run(["cache", "import", "--json", archive] + store)
            #expect(imported.status == 0, "\(imported.error)")
            #expect(imported.output.contains("\"name\": \"docker.io/library/web:2\""), "\(imported.output)")
            let lines = try Program.moby(["cache", "ls"] + store).split(separator: "\n")
            #expect(
                lines.first?.split(separator: " ").map(String.init) == ["NAME", "DIGEST", "SIZE", "AGE", "PLATFORMS"])
            let cells = try #require(lines.last).split(separator: " ").map(String.init)
            #expect(cells.first == "docker.io/library/web:2" && cells[1].hasPrefix("sha256:") && cells[1].count == 71)
            #expect(cells.last?.hasPrefix("linux/") == true)
            let removed = try Program.run(["cache", "rm", "--json", "web:2", "none"] + store)
            #expect(removed.status == 1)
            #expect(removed.output.contains("\"removed\"") && removed.output.contains("none"), "\(removed.output)")
        }
    }
}
