import Foundation
import MobyRun
import TestSupport
import Testing

/// `moby test` itself, on the examples.
@Suite(.serialized) struct TestBootTests {
    /// The classic cloud machine serves; a key given at build time logs in through a published port. The results are
    /// left as JUnit, the consoles and records as artifacts.
    @Test(.bootedAgain, .timeLimit(.minutes(8))) func examplesPassTheirTests() async throws {
        try await withTemporaryDirectory { folder in
            let home = folder + "/home/.ssh"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            try await Oracle("ssh-keygen")("-q", "-t", "ed25519", "-N", "", "-f", home + "/id_ed25519")
            let output = try Program.moby(
                [
                    "test", "--accel", "tcg", "--timeout", "150", "--junit", "\(folder)/junit.xml", "--artifacts",
                    "\(folder)/artifacts",
                    "examples/gcp.yml", "examples/sshd.yml",
                ], environment: ["HOME": folder + "/home", "MOBY_CACHE": Program.cache, "TMPDIR": folder])
            #expect(output.contains("  http :80/  (HTTP/1.1 200 OK)"), "\(output)")
            #expect(output.contains("  ssh root@:22 'uname -s'  (Linux)"), "\(output)")
            #expect(!output.contains("FAIL"))
            let junit = try TestFile.text("\(folder)/junit.xml")
            #expect(
                junit.contains("<testsuite name=\"sshd kernel+initrd 512M\" tests=\"3\" failures=\"0\""), "\(junit)")
            for name in ["gcp", "sshd"] {
                let kept = "\(folder)/artifacts/\(name)/kernel+initrd-512M"
                #expect(try TestFile.text("\(kept)/console.log").contains("services running"))
                #expect(try TestFile.text("\(kept)/\(name)-build.json").contains("\"platform\""))
            }
            // Nothing of the builds is left.
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("moby-machines-") }
                    == [])
        }
    }

    /// One failure of each kind of step, as docs/testing.md shows it.
    @Test(.timeLimit(.minutes(6))) func failuresAreThoseOfThePage() async throws {
        let page = try TestFile.text("\(Program.root)/docs/testing.md")
        let test = try #require(page.firstMatch(of: #/(?s)# wrong\.test\.yml\n(.*?)```/#)).output.1
        try await withTemporaryDirectory { folder in
            try String(test).write(toFile: "\(folder)/wrong.test.yml", atomically: false, encoding: .utf8)
            let result = try Program.run([
                "test", "--accel", "tcg", "examples/nginx.yml", "\(folder)/wrong.test.yml",
            ])
            #expect(result.status == 1, "\(result.error)")
            let console = try #require(result.output.firstRange(of: "  the console when the first step failed:\n"))
            let summary = try #require(result.output.split(separator: "\n").last)
            let shown = "```\n\(result.output[..<console.lowerBound])…\n\(summary)\n```\n"
            #expect(
                try Golden.difference(shown, part: "failures", of: "testing.md") { text in
                    // Times, sizes and counts differ between two runs, and the shell's prompt may come first.
                    text.replacing(#/\(ns: getty\)[^#\n]*# /#, with: "").replacing(#/(Date|ETag): .*/#, with: "")
                        .replacing(#/ *[0-9]+([.][0-9]+)?/#, with: " N")
                } == nil)
        }
    }

    /// The limit of the whole test and Ctrl-C end the machine; what was found until then is reported.
    @Test(.timeLimit(.minutes(6)), arguments: [Int32(124), 130]) func endsEarly(_ status: Int32) async throws {
        try await withTemporaryDirectory { folder in
            try "expect: [{console: never, timeout: 1h}]\n".write(
                toFile: "\(folder)/never.test.yml", atomically: false, encoding: .utf8)
            let limit = status == 124 ? ["--timeout", "3"] : []
            let program = try RunningProgram(
                try Program.path(),
                ["test", "--accel", "tcg", "--tap", "--dir", folder] + limit + [
                    "examples/minimal.yml", "\(folder)/never.test.yml",
                ], folder: Program.root)
            if status == 130 {
                try program.wait(for: "\nkernel+initrd\n")
                program.send(SIGINT)
            }
            #expect(try program.waitForEnd() == status, "\(program.text)")
            #expect(program.text.contains("not ok 1 - minimal kernel+initrd: console 'never'"), "\(program.text)")
            #expect(program.text.contains("Bail out! minimal"), "\(program.text)")
        }
    }
}
