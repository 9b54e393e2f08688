import Foundation
import TestSupport
import Testing

/// Standard output that takes nothing, or is a terminal.
struct StandardOutputTests {
    /// Everything that prints data.
    private static let printing = [
        "--help", "help build", "build --help", "--version", "version", "schema", "schema --markdown",
        "schema --package", "formats",
        "formats --json",
        "completion bash", "--generate-completion-script zsh", "cache ls --json", "pkg show-tag pkg/init",
        "build --dry-run spec.yml",
        "inspect initrd.img", "inspect --json initrd.img", "ls initrd.img", "ls --json initrd.img", "cat initrd.img /f",
        "build -f tar -o - spec.yml", "run qemu --accel tcg --qemu /bin/true --dry-run initrd.img",
    ]

    private func withFiles(_ body: (String, String) throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            try "kernel:\n  image: moby/kernel:1\nfiles:\n  - path: etc/motd\n    contents: hello\n"
                .write(toFile: folder + "/spec.yml", atomically: true, encoding: .utf8)
            try "files:\n  - path: etc/motd\n    contents: hello\n".write(
                toFile: folder + "/files.yml", atomically: true, encoding: .utf8)
            try await Oracle("sh")(
                "-c",
                "cd '\(folder)' && echo text >f && printf 'a\\033b' >b && ls f b | cpio --quiet -o -H newc >initrd.img")
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/pkg", withDestinationPath: Program.root + "/pkg")
            try body(folder, try Program.path())
        }
    }

    private func shell(_ line: String, _ folder: String) throws -> EndedProcess {
        try EndedProcess(
            "/bin/sh", ["-c", line], folder: folder, environment: ["MOBY_CACHE": folder + "/cache", "NO_COLOR": "1"])
    }

    @Test(arguments: printing) func aFullDiskIsAnError(_ words: String) async throws {
        try await withFiles { folder, program in
            let ended = try shell("'\(program)' \(words.replacing("-o - spec", with: "-o - files")) >/dev/full", folder)
            #expect(ended.status == 1, "\(ended.complaint)")
            #expect(
                ended.complaint.contains("error: write 'standard output': No space left on device"),
                "\(ended.complaint)")
            // The working directory has nothing to do with it.
            #expect(!ended.complaint.contains("free in"), "\(ended.complaint)")
        }
    }

    @Test(arguments: printing) func aReaderThatWentAwayIsNotAnError(_ words: String) async throws {
        try await withFiles { folder, program in
            for signal in ["", "trap '' PIPE; "] {
                // The pipe has no reader when the program starts.
                let words = words.replacing("-o - spec", with: "-o - files")
                let ended = try shell(
                    "\(signal)rm -f p; mkfifo p; exec 3<>p; exec 4>p; exec 3<&-; '\(program)' \(words) >&4", folder)
                #expect(ended.status == 141 && !ended.complaint.contains("error"), "\(signal)\(ended.complaint)")
            }
        }
    }

    @Test func aDeviceIsWrittenTo() async throws {
        try await withFiles { folder, program in
            let ended = try shell("'\(program)' build -f tar -o /dev/null files.yml", folder)
            #expect(ended.status == 0 && ended.text.hasPrefix("/dev/null  "), "\(ended.complaint)")
            let full = try shell("'\(program)' build -f tar -o /dev/full files.yml", folder)
            #expect(
                full.status == 1 && full.complaint.contains("write '/dev/full': No space left"), "\(full.complaint)")
        }
    }

    @Test func aClosedOutputIsAnError() async throws {
        try await withFiles { folder, program in
            let ended = try shell("'\(program)' schema >&-", folder)
            #expect(
                ended.status == 1 && ended.complaint == "error: write 'standard output': Bad file descriptor\n",
                "\(ended.complaint)")
        }
    }

    /// The exit code of a run that failed already stays.
    @Test func aFailureStaysOne() async throws {
        try await withFiles { folder, program in
            try "kernl: x\n".write(toFile: folder + "/bad.yml", atomically: true, encoding: .utf8)
            #expect(try shell("'\(program)' build --dry-run bad.yml >/dev/full", folder).status == 2)
        }
    }

    @Test(arguments: [
        ("build -f tar -o - files.yml", 64, "hint: redirect it, or name a file with --output"),
        ("cache export --outfile - no/such:image", 1, "hint: redirect it, or name a file with --outfile"),
        ("cat initrd.img /b", 1, "hint: redirect it"), ("cat initrd.img /f", 0, "text"),
    ])
    func aTerminalGetsNoBytesThatAreNotText(_ words: String, _ status: Int32, _ message: String) async throws {
        try await withFiles { folder, program in
            let running = try RunningProgram(
                program, words.split(separator: " ").map(String.init), onTerminal: true, folder: folder,
                environment: ["MOBY_CACHE": folder + "/cache", "NO_COLOR": "1"])
            #expect(try running.waitForEnd() == status, "\(running.text)")
            #expect(running.text.contains(message) && !running.text.contains("\u{1B}"), "\(running.text)")
        }
    }
}
