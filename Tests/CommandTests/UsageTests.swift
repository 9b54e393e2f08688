import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import moby

/// The program as a user meets it: exit codes, where messages go, what they say.
struct UsageTests {
    @Test(arguments: [
        (["build"], 64, "missing expected argument"),
        (["build", "--no-such-flag", "x.yml"], 64, "--no-such-flag"),
        (["frobnicate"], 64, "frobnicate"),
        (["-v"], 64, "no command given"),
        (["build", "no-such-file.yml"], 1, "error: read 'no-such-file.yml': No such file or directory"),
        (["build", "-f", "tar", "-o", "-", "no-such-file.yml"], 1, "no-such-file.yml"),
        (["lint", "no-such-file.yml"], 1, "no-such-file.yml"),
        (["metadata", "create", "d.iso"], 64, "no user data"),
        (["metadata", "create", "d.iso", "x", "--data-file", "f"], 64, "cannot be combined"),
        (
            ["metadata", "create", "/proc/none/d.iso", "--data-file", "/dev/zero"], 1,
            "'/dev/zero' is a device, expected a regular file"
        ),
        (["metadata", "create", "/proc/none/d.iso", "--data-file", "/proc"], 1, "'/proc' is a folder"),
        (
            ["metadata", "create", "/proc/none/d.iso", "--ssh-key", "Makefile"], 1,
            "line 3 of 'Makefile' is not an SSH public key"
        ),
        (
            ["metadata", "create", "/proc/none/d.iso", "--ssh-key", "/dev/null"], 1,
            "'/dev/null' contains no public key"
        ),
        (["inspect", "examples/minimal.yml"], 1, "hint: it is a spec: check it with 'moby lint'"),
        (["inspect", "examples"], 1, "'examples' is a folder"),
        (
            ["metadata", "create", "-hostname", "bad host", "d.iso"], 64,
            "--hostname is 'bad host', expected parts of letters"
        ),
        (["metadata", "create", "-hostname=-web", "d.iso"], 64, "(RFC 1123)"),
        (["metadata", "create", "d.iso", "--ssh-key", "no-such-file.pub"], 1, "read 'no-such-file.pub'"),
        (["run", "qemu", "no-such-prefix"], 1, "hint: build it first"),
        (["run", "qemu", "--publish", "80", "x"], 64, "hint: write HOST:GUEST"),
        (["build", "--format", "raw-bioss", "x.yml"], 64, "did you mean 'raw-bios'?"),
        (["build", "--docker", "x.yml"], 64, "docker-archive:FILE"),
        (["build", "--sbom-output", "../s.json", "x.yml"], 64, "is not a path of a file in the root"),
        (["build", "--sbom", "spdx,xml", "x.yml"], 64, "--sbom has 'xml'"),
        (["build", "--no-sbom", "--sbom", "spdx", "x.yml"], 64, "cannot be combined"),
        (
            ["build", "-input-tar", "x.tar", "-disable-content-trust", "no-such-file.yml"], 1,
            "--input-tar has no effect"
        ),
        (["build", "--name", "", "x.yml"], 64, "--name is empty"),
        (["build", "-f", "", "x.yml"], 64, "--format has an empty name"),
        (["build", "--name", "../evil", "x.yml"], 64, "--name '../evil' contains a '/'; use --dir"),
        (["build", "--name", "a\tb", "x.yml"], 64, "contains a control character"),
        (["build", "--size", "1Q", "x.yml"], 64, "--size"),
        (["build", "--layer-limit", "x", "x.yml"], 64, "--layer-limit"),
        (
            ["build", "-o", "-", "-f", "raw", "examples/minimal.yml"], 64,
            "format 'raw' cannot be written with --output: it is not a single stream"
        ),
        (["build", "-f", "raw,", "x.yml"], 64, "--format has an empty name in 'raw,'"),
        (
            ["build", "-f", "iso,uki", "--size", "1G", "--dir", "/proc/none", "examples/minimal.yml"], 64,
            "--size requires a disk format"
        ),
        (
            ["run", "hyperkit", "-mem", "512", "linuxkit"], 64,
            "'moby build --format kernel+initrd' builds what it boots"
        ),
        (["cache", "rm", "no/such:image"], 1, "no image 'no/such:image'"),
        (["cache", "rm", ""], 64, "the name of an image is empty"),
    ])
    func errorsHaveExitCodes(arguments: [String], status: Int, message: String) throws {
        let result = try Program.run(arguments)
        #expect(result.status == Int32(status), "\(result.error)")
        #expect(result.error.contains(message), "\(result.error)")
        #expect(result.output.isEmpty)
    }

    @Test(arguments: ["abc", "-1", "", "1.5", "4354819200", "99999999999999999999"])
    func aTimeThatIsNoneIsAnError(_ value: String) throws {
        for verb in [["build", "--dir", "/proc/none", "examples/minimal.yml"], ["pkg", "build", "pkg/init"]] {
            let result = try Program.run(verb, environment: ["SOURCE_DATE_EPOCH": value])
            #expect(result.status == 2)
            #expect(
                result.error.contains(
                    "SOURCE_DATE_EPOCH is '\(value)', expected whole seconds since 1970 from 0 to 4354819199"))
        }
    }

    @Test func versionPrintsOneLine() throws {
        let result = try Program.run(["version"])
        #expect(result.status == 0)
        let version = try TestFile.text("\(Program.root)/VERSION").trimmingCharacters(in: .newlines)
        #expect(result.output.hasPrefix("moby version \(version)\n"), "\(result.output)")
        #expect(try Program.run(["--version"]).output == "\(version)\n")
    }

    @Test func versionNamesTheLibraries() throws {
        let result = try Program.run(["version", "--json"])
        struct Document: Decodable { let version, platform: String; let libraries: [String: String?] }
        let document = try JSONDecoder().decode(Document.self, from: Data(result.output.utf8))
        #expect(document.platform.hasPrefix("linux/"))
        #expect(
            document.libraries.keys.sorted() == [
                "glibc", "isa-l", "libarchive", "libcurl", "libyaml", "lz4", "openssl", "zlib", "zstd",
            ])
        for (name, version) in document.libraries { #expect(version?.first?.isNumber == true, "\(name)") }
    }

    /// Without one the parser makes it from the type's name, by a search through all types of the program.
    @Test func everyCommandHasAnExplicitName() {
        var commands: [any ParsableCommand.Type] = [Moby.self]
        while let command = commands.popLast() {
            #expect(command.configuration.commandName != nil, "\(command)")
            commands += command.configuration.subcommands
        }
    }

    @Test func helpNamesEveryVerb() throws {
        let result = try Program.run(["--help"])
        #expect(result.status == 0)
        for verb in [
            "build", "run", "test", "lint", "explain", "formats", "schema", "cache", "pkg", "metadata", "version",
        ] {
            #expect(result.output.contains("\n  \(verb) "), "\(verb)")
        }
    }

    @Test(arguments: ["references", "variables", "exit-codes", "environment"]) func helpHasTopics(_ topic: String)
        throws
    {
        #expect(try Program.moby(["help"]).contains("\n  \(topic) "))
        let lines = try Program.moby(["help", topic]).split(separator: "\n")
        #expect(lines.count > 5)
        #expect(lines.filter { $0.count > 80 } == [])
        let wrong = try Program.run(["help", String(topic.dropLast())])
        #expect(wrong.status == 64 && wrong.error.contains("did you mean 'help \(topic)'?"), "\(wrong.error)")
    }

    /// An example is a command line that is read without an error, on one line of a terminal with 80 columns.
    @Test func examplesOfHelpAreRead() throws {
        var commands: [[any ParsableCommand.Type]] = [[Moby.self]]
        var count = 0
        while let path = commands.popLast(), let command = path.last {
            commands += command.configuration.subcommands.map { path + [$0] }
            let lines = command.configuration.discussion.split(separator: "\n")
            for line in lines where line.contains(#/^(Examples?:)? +moby /#) {
                count += 1
                #expect(line.count < 80, "\(line)")
                let text = line[(line.firstRange(of: "moby ")?.upperBound ?? line.startIndex)...]
                let words = text.prefix { $0 != "|" && $0 != ">" }.split(separator: " ").map(String.init)
                #expect(throws: Never.self, "\(line)") { _ = try CommandLineReader.command(words) }
            }
        }
        #expect(count > 40)
    }

    /// Each help that has options of several kinds groups them, and ends with an example and a page that exists.
    @Test(arguments: [
        "build", "lint", "explain", "run qemu", "run gcp", "push gcp", "inspect", "ls", "cat", "schema", "formats",
        "pkg build", "pkg lock", "pkg show-tag", "cache ls", "cache pull", "cache push", "cache export", "cache import",
        "cache rm", "cache prune", "cache clean", "cache verify", "metadata create", "exec", "logs", "ps", "stop",
        "console", "pkg", "pkg ls", "cache", "run", "push", "metadata", "init", "doctor", "test",
    ]) func helpHasAnExampleAndAPage(_ command: String) throws {
        let help = try Program.moby(command.split(separator: " ").map(String.init) + ["--help"])
        #expect(help.contains("\nExample: ") || help.contains("\nExamples: moby "), "\(help)")
        let page = try #require(help.split(separator: "\n").first { $0.hasPrefix("Page: ") })
        let path = page.dropFirst("Page: ".count).drop { $0 == " " }.prefix { $0 != "#" }
        #expect(FileManager.default.fileExists(atPath: String(path)), "\(page)")
        if ["build", "lint", "explain", "run qemu"].contains(command) {
            #expect(help.contains("\nVARIABLE OPTIONS:\n") && help.contains("\nMESSAGE OPTIONS:\n"), "\(help)")
        }
    }

}
