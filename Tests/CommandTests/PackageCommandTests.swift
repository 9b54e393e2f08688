import Foundation
import Glibc
import TestSupport
import Testing

/// `moby pkg`, and packages in specs.
struct PackageCommandTests {
    @Test func aMisspeltFolderGetsASuggestion() throws {
        try withTemporaryDirectory { folder in
            for name in ["init", "runc"] { try TestFile.write("image: x\n", to: "\(folder)/pkg/\(name)/build.yml") }
            try TestFile.write("init: [\"@pkg:pkg/initt\"]\n", to: "\(folder)/web.yml")
            let ended = try Program.run(["lint", "web.yml"], in: folder)
            #expect(ended.status == 2 && ended.error.contains("hint: did you mean 'init'?"), "\(ended.error)")
        }
    }

    /// Errors of a package's files look like those of a spec: place, source line, caret, hint.
    @Test func errorsShowTheirLine() throws {
        try withTemporaryDirectory { folder in
            try TestFile.write("image: web\nfiles:\n  - {path: x, source: nosuch}\n", to: "\(folder)/web/build.yml")
            let ended = try Program.run(["pkg", "show-tag", "--cache", "\(folder)/store", "web"], in: folder)
            #expect(ended.status == 2)
            #expect(
                ended.error == """
                    web/build.yml:3:23: error: source 'nosuch' does not exist
                      3 |   - {path: x, source: nosuch}
                        |                       ^
                      hint: sources are files and folders next to build.yml

                    """)
        }
    }

    /// A spec says which of its packages cannot be had, why, and what helps.
    @Test(arguments: [
        (
            "image: web\nnetwork: true\n", "",
            "'@pkg:web' cannot be resolved: web/build.yml:2:1: unknown key 'network' in build.yml"
        ),
        (
            "image: web\npackages: [x]\n", "amd64 wants x\n",
            "hint: run 'moby pkg lock --arch arm64 web'; it has packages for amd64"
        ),
        ("image: web\narches: [amd64]\npackages: [x]\n", "", "'web' cannot be built for arm64, only for amd64"),
    ])
    func specsNameWhatIsWrongWithAPackage(text: String, lock: String, message: String) throws {
        try withTemporaryDirectory { folder in
            try TestFile.write(text, to: "\(folder)/web/build.yml")
            if !lock.isEmpty { try TestFile.write(lock, to: "\(folder)/web/build.lock") }
            try TestFile.write("init: [\"@pkg:web\"]\n", to: "\(folder)/s.yml")
            for arch in ["arm64", "aarch64"] {
                let ended = try Program.run(
                    ["build", "--arch", arch, "--cache", "\(folder)/store", "s.yml"], in: folder)
                #expect(ended.status == 2)
                #expect(ended.error.contains("s.yml:1:8: error: ") && ended.error.contains(message), "\(ended.error)")
            }
        }
    }

    @Test(arguments: [
        ["build", "x.yml"], ["lint", "x.yml"], ["pkg", "lock", "x"], ["pkg", "build", "x"], ["pkg", "show-tag", "x"],
        ["cache", "import", "x"],
    ])
    func unknownArchitecturesAreUsageErrors(command: [String]) throws {
        let ended = try Program.run(command + ["--arch", "x68_64"])
        #expect(ended.status == 64)
        #expect(ended.error.contains("unknown architecture; did you mean 'x86_64'?"), "\(ended.error)")
    }

    /// What is built here is never asked of a registry, and the boot loaders have no name that somebody else owns.
    @Test func localImagesAreNotLookedForOnTheNetwork() throws {
        try withTemporaryDirectory { folder in
            try TestFile.write("init: [\"localhost/moby/init:1\"]\n", to: "\(folder)/s.yml")
            let ended = try Program.run(
                ["build", "--pull", "--format", "tar", "--cache", "\(folder)/store", "s.yml"], in: folder)
            #expect(ended.status == 1)
            #expect(ended.error.contains("s.yml:1:8: error: image 'localhost/moby/init:1' for "), "\(ended.error)")
            #expect(
                ended.error.contains(
                    "hint: it is built locally and never pulled: run 'moby pkg build' with its package folder"))
        }
    }

    /// However this program ends, apt ends with it: else it would hold its locks, and the next builds would wait for
    /// it.
    @Test func aptEndsWithTheProgram() throws {
        try withTemporaryDirectory { folder in
            try TestFile.write("image: web\npackages: [nginx]\n", to: "\(folder)/web/build.yml")
            try TestFile.write(
                "#!/bin/sh\necho $$ >\"$NUMBER.new\"\nmv \"$NUMBER.new\" \"$NUMBER\"\nexec sleep 600\n",
                to: "\(folder)/bin/apt-get",
                mode: 0o755)
            let number = "\(folder)/number"
            let program = try RunningProgram(
                Program.path(), ["pkg", "build", "--cache", "\(folder)/store", "web"], folder: folder,
                environment: ["PATH": "\(folder)/bin:/usr/bin:/bin", "NUMBER": number])
            try Self.wait("apt-get did not start: \(program.text)") { FileManager.default.fileExists(atPath: number) }
            let text = try TestFile.text(number).trimmingCharacters(in: .whitespacesAndNewlines)
            let apt = try #require(pid_t(text))
            #expect(Self.isRunning(apt))
            program.send(SIGKILL)
            #expect(try program.waitForEnd() == 128 + SIGKILL)
            defer { kill(apt, SIGKILL) }
            try Self.wait("apt-get still runs") { !Self.isRunning(apt) }
        }
    }

    private struct Timeout: Error { let description: String }

    private static func wait(_ failure: String, for condition: () -> Bool) throws {
        let end = ContinuousClock.now + .seconds(60)
        while !condition() {
            guard ContinuousClock.now < end else { throw Timeout(description: failure) }
            usleep(5000)
        }
    }

    /// Whether a process lives, and is not a zombie.
    private static func isRunning(_ process: pid_t) -> Bool {
        guard let text = try? TestFile.text("/proc/\(process)/stat"), let name = text.lastIndex(of: ")") else {
            return false
        }
        return !text[name...].hasPrefix(") Z")
    }
}
