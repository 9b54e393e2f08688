import TestSupport
import Testing

/// The shell parts of the GitHub action against a stand-in for the runner, and the YAML of both pipelines against their
/// published schemas.
struct PipelineTests {
    /// A runner: a folder with a checkout, the files that a step writes to, and `moby` in the PATH.
    private struct Runner {
        let folder: TemporaryFolder
        let version: String

        init() throws {
            folder = try TemporaryFolder()
            version = try TestFile.text(Program.root + "/VERSION").split(separator: "\n").first.map(String.init) ?? ""
            for name in ["path", "output", "summary", "env"] { try folder.write(name, "") }
            try folder.write(
                "moby-\(version)-linux-amd64/bin/moby", "#!/bin/sh\nexec '\(try Program.path())' \"$@\"\n", mode: 0o755)
            try Oracle("tar").output(
                ["-czf", "moby.tar.gz", "moby-\(version)-linux-amd64"], folder: folder.path)
        }

        func step(_ name: String, _ variables: [String: String] = [:]) throws -> EndedProcess {
            let paths = [
                "GITHUB_ACTION_PATH": Program.root, "RUNNER_TEMP": folder.file("temp"),
                "GITHUB_PATH": folder.file("path"), "GITHUB_OUTPUT": folder.file("output"),
                "GITHUB_STEP_SUMMARY": folder.file("summary"), "GITHUB_ENV": folder.file("env"),
                "MOBY_CACHE": folder.file("cache"),
                "PATH": folder.file("moby-\(version)-linux-amd64/bin") + ":" + (Program.environment["PATH"] ?? ""),
            ]
            return try EndedProcess(
                Program.root + "/ci/github/" + name, [], folder: folder.path,
                environment: paths.merging(variables) { $1 })
        }
    }

    @Test func installsAnArchiveFromAPath() throws {
        let runner = try Runner()
        let archive = runner.folder.file("moby.tar.gz")
        let ended = try runner.step(
            "install", ["MOBY_ARCHIVE": archive, "MOBY_MIRROR": "http://mirror.example/debian"])
        #expect(ended.succeeded, "\(ended.complaint)")
        #expect(ended.text.contains(runner.version))
        #expect(runner.folder.text("path") == runner.folder.file("temp/moby/bin") + "\n")
        #expect(runner.folder.text("env") == "MOBY_DEBIAN_MIRROR=http://mirror.example/debian\n")
    }

    /// Of the specs and of the lock files.
    @Test func keyOfTheCachedStoreFollowsItsParts() throws {
        let runner = try Runner()
        func key() throws -> String? {
            try runner.folder.write("output", "")
            let archive = runner.folder.file("moby.tar.gz")
            let specs = ["MOBY_ARCHIVE": archive, "MOBY_SPECS": "a.yml b.yml\n", "RUNNER_OS": "Linux"]
            let ended = try runner.step("install", specs)
            #expect(ended.succeeded, "\(ended.complaint)")
            return runner.folder.text("output")
        }
        for name in ["a.yml", "b.yml", "other.yml", "pkg/box/build.lock"] { try runner.folder.write(name, "1") }
        let first = try key()
        #expect(first?.hasPrefix("key=moby-Linux-") == true)
        try runner.folder.write("other.yml", "2")
        #expect(try key() == first)
        try runner.folder.write("b.yml", "2")
        let second = try key()
        #expect(second != first)
        try runner.folder.write("pkg/box/build.lock", "2")
        #expect(try key() != second)
    }

    /// The release is downloaded, and refused when its checksum is another.
    @Test(arguments: [true, false]) func installsARelease(isIntact: Bool) async throws {
        let runner = try Runner()
        let name = "moby-\(runner.version)-linux-amd64.tar.gz"
        let archive = try runner.folder.read("moby.tar.gz")
        let sum = try Oracle("sha256sum").output(["moby.tar.gz"], folder: runner.folder.path).prefix(64)
        let sums = "\(isIntact ? String(sum) : String(repeating: "0", count: 64))  \(name)\n"
        let server = try ScriptedServer { request in
            switch request.target {
            case "/releases/v\(runner.version)/\(name)": ScriptedServer.Response(body: archive)
            case "/releases/v\(runner.version)/SHA256SUMS": ScriptedServer.Response(text: sums)
            default: ScriptedServer.Response(404)
            }
        }
        let ended = try runner.step("install", ["MOBY_RELEASES": "http://\(server.host)/releases"])
        #expect(ended.succeeded == isIntact, "\(ended.text)\(ended.complaint)")
        #expect((runner.folder.text("path") == "") == !isIntact)
    }

    @Test func annotatesAnError() throws {
        let runner = try Runner()
        try runner.folder.write("web.yml", "kernel: {image: a}\ninit: [b]\nnonsense: 1\n")
        let ended = try runner.step("lint", ["MOBY_SPECS": "web.yml"])
        #expect(ended.status == 2, "\(ended.complaint)")
        #expect(ended.text.contains("::error file=web.yml,line=3,col=1"), "\(ended.text)")
    }

    @Test func buildsWithVariablesAndSummarizes() throws {
        let runner = try Runner()
        try runner.folder.write("web.yml", "files: [{path: etc/motd, contents: \"${GREETING}\"}]\n")
        let ended = try runner.step(
            "build",
            ["MOBY_SPECS": "web.yml\n", "MOBY_FORMATS": "tar", "MOBY_VARIABLES": "GREETING=hello, world\n"])
        #expect(ended.succeeded, "\(ended.text)\(ended.complaint)")
        #expect(runner.folder.text("output") == "directory=out\n")
        let sum = try Oracle("sha256sum").output(["out/web.tar"], folder: runner.folder.path).prefix(64)
        #expect(runner.folder.text("summary")?.contains("| `web.tar` | ") == true)
        #expect(runner.folder.text("summary")?.contains("`\(sum)`") == true)
        let motd = try Oracle("tar").output(["-xOf", "out/web.tar", "etc/motd"], folder: runner.folder.path)
        #expect(motd == "hello, world")
    }

    /// The first failure decides the exit code; the other specs are tested all the same.
    @Test func annotatesAFailedTest() throws {
        let runner = try Runner()
        try runner.folder.write("web.yml", "nonsense: 1\n")
        try runner.folder.write("two.yml", "nonsense: 2\n")
        let ended = try runner.step("test", ["MOBY_SPECS": "web.yml two.yml"])
        #expect(ended.status == 2, "\(ended.complaint)")
        for name in ["web", "two"] {
            #expect(ended.text.contains("::error file=\(name).yml::moby test failed (exit code 2)"), "\(ended.text)")
        }
        #expect(runner.folder.text("output") == "report=out/test\n")
    }

    @Test(arguments: [
        ("vendor.github-actions", "action.yml"), ("vendor.gitlab-ci", "ci/gitlab-template.yml"),
    ]) func followsThePublishedSchema(schema: String, path: String) throws {
        let checker = Oracle(Program.root + "/.build/tools/check-jsonschema/bin/check-jsonschema")
        try checker.output(["--builtin-schema", schema, Program.root + "/" + path])
    }
}
