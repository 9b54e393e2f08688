import Foundation
import TestSupport
import Testing

/// The tab key in shells that took `moby completion`.
struct CompletionTests {
    private static let shells = [
        ("bash", ["--norc", "-i"], "source <(moby completion bash)"),
        ("zsh", ["-f", "-i"], "autoload -U compinit; compinit -u -D; source <(moby completion zsh)"),
        ("fish", ["--no-config", "-i"], "moby completion fish | source"),
    ]
    /// What is typed, and how it goes on.
    private static let lines = [
        ("moby vers", "ion"), ("moby build --dry", "-run"), ("moby build web", ".yml"),
        ("moby build --dir fol", "der/"),
        ("moby build --format raw-ef", "i"), ("moby build --format iso,dock", "er"),
        ("moby run qemu --accel tc", "g"), ("moby run we", "b.yml"),
        ("moby test we", "b.yml"),
        ("moby pkg build fol", "der/"),
        ("moby completion zs", "h"), ("moby lint --cache fol", "der/"),
    ]

    @Test(arguments: shells) func theTabKeyCompletes(shell: String, arguments: [String], setup: String) async throws {
        try await withTemporaryDirectory { folder in
            let folder = URL(filePath: folder).resolvingSymlinksInPath().path
            try "".write(toFile: folder + "/web.yml", atomically: true, encoding: .utf8)
            try FileManager.default.createDirectory(atPath: folder + "/folder", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: folder + "/bin", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/bin/moby", withDestinationPath: try Program.path())
            let path = "\(folder)/bin:\(Program.environment["PATH"] ?? "/usr/bin:/bin")"
            let program = try RunningProgram(
                "/usr/bin/\(shell)", arguments, onTerminal: true, folder: folder,
                environment: [
                    "PATH": path, "HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder, "TERM": "dumb",
                    "COLUMNS": "200",
                    "MOBY_CACHE": folder + "/no-store",
                ])
            program.type("\(setup); echo re''ady\r")
            try program.wait(for: "ready")
            for (typed, rest) in Self.lines {
                program.type("\(typed)\t")
                try program.wait(for: typed + rest)
                // Kills the line; Ctrl-C would throw away what is typed ahead.
                program.type("\u{15}")
            }
            #expect(!FileManager.default.fileExists(atPath: folder + "/no-store"))
        }
    }

    /// Names in the store, with their colons, as zsh and the others want them.
    @Test(arguments: [("bash", "a/b:1"), ("zsh", "a/b\\:1"), ("fish", "a/b:1")]) func imagesOfTheStoreComplete(
        shell: String, name: String
    ) async throws {
        try await withTemporaryDirectory { folder in
            let cache = folder + "/cache"
            try SampleImage().write(layout: folder + "/layout")
            try await Oracle("tar")("-C", folder + "/layout", "-cf", folder + "/a.tar", ".")
            try Program.moby(["cache", "import", "--cache", cache, "--name", "a/b:1", folder + "/a.tar"])
            // As the scripts ask: the words of the line, and which of them is meant.
            let result = try Program.run(
                ["---completion", "cache", "rm", "--", "positional@0", "3", "0", "moby", "cache", "rm", ""],
                environment: ["MOBY_CACHE": cache, "SAP_SHELL": shell, "SAP_SHELL_VERSION": "5"])
            #expect(result.output.contains(name), "\(result.output) \(result.error)")
        }
    }
}
