import Foundation
import Glibc
import TestSupport
import Testing

/// `moby inspect`, `ls` and `cat` as users run them; the initrd was made by cpio(1), the disk by sgdisk and mtools.
struct InspectCommandTests {
    private struct Part: Decodable {
        let kind: String
        let size: UInt64
        let parts: [Part]?
    }

    /// A folder with `initrd.img` and `disk.img`.
    private func withArtifacts(_ body: (String) throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            let root = folder + "/root"
            try FileManager.default.createDirectory(atPath: root + "/etc", withIntermediateDirectories: true)
            try Data("127.0.0.1 localhost\n".utf8).write(to: URL(filePath: root + "/etc/hosts"))
            try Data("x".utf8).write(to: URL(filePath: root + "/evil\u{1b}[31m"))
            try FileManager.default.createSymbolicLink(atPath: root + "/link", withDestinationPath: "etc/hosts")
            try await Oracle("sh")(
                "-c", "cd '\(root)' && find . | cpio --quiet -o -H newc | gzip > '\(folder)/initrd.img'")
            let disk = folder + "/disk.img"
            try await Oracle("truncate")("-s", "64M", disk)
            try await Oracle("sgdisk")("-n", "1:2048:+40M", "-t", "1:EF00", "-c", "1:start", disk)
            try await Oracle("mformat")("-i", disk + "@@1M", "-T", "81920", "-h", "64", "-s", "32", "-v", "START", "::")
            try await Oracle("mmd")("-i", disk + "@@1M", "::/EFI")
            try await Oracle("mcopy")("-i", disk + "@@1M", folder + "/initrd.img", "::/EFI/initrd.img")
            try body(folder)
        }
    }

    @Test func looksIntoWhatOtherToolsMade() async throws {
        try await withArtifacts { folder in
            for file in [folder + "/initrd.img", folder + "/disk.img"] {
                #expect(try Program.moby(["cat", file, "/etc/hosts"]) == "127.0.0.1 localhost\n")
                #expect(try Program.moby(["cat", file, "initrd:/link"]) == "127.0.0.1 localhost\n")
                let list = try Program.moby(["ls", file])
                #expect(list.contains(" 20 initrd:/etc/hosts\n") && list.contains("initrd:/evil\\x1b[31m\n"))
                #expect(list.contains("initrd:/link -> etc/hosts\n"))
                #expect(
                    try Program.moby(["ls", file, "/etc"]).split(separator: "\n").last?.hasSuffix("initrd:/etc/hosts")
                        == true)
            }
            #expect(
                try Program.moby(["ls", folder + "/disk.img", "esp:/efi/initrd.IMG"]).contains("esp:/EFI/INITRD.IMG"))
            let text = try Program.moby(["inspect", folder + "/disk.img"])
            #expect(
                text.contains(
                    "partition 1 start: 41.9 MB (41,943,040 bytes), offset 1.05 MB (1,048,576 bytes), type EFI")
                    && text.contains("label START"), "\(text)")
            #expect(text.contains("files in esp:") && text.contains("/EFI/INITRD.IMG"), "\(text)")
            let root = try JSONDecoder().decode(
                Part.self, from: Data(Program.moby(["inspect", "--json", folder + "/disk.img"]).utf8))
            #expect(
                root.kind == "GPT disk" && root.size == 64 << 20
                    && root.parts?.first?.parts?.first?.kind == "FAT16 volume")
        }
    }

    /// A prefix is what `moby run` would start.
    @Test func aPrefixMeansTheFilesOfABuild() async throws {
        try await withArtifacts { folder in
            let files = FileManager.default
            try files.copyItem(atPath: folder + "/initrd.img", toPath: folder + "/web-initrd.img")
            try Data("MZ".utf8).write(to: URL(filePath: folder + "/web-kernel"))
            try Data("{}".utf8).write(to: URL(filePath: folder + "/web-build.json"))
            let text = try Program.run(["inspect", folder + "/web"])
            #expect(
                text.output.contains("/web-kernel: ") && text.output.contains("initrd \(folder)/web-initrd.img"),
                "\(text)")
            let list = try JSONDecoder().decode(
                [Part].self, from: Data(Program.run(["inspect", "--json", folder + "/web"]).output.utf8))
            #expect(list.count == 2)
            #expect(try Program.moby(["cat", folder + "/web", "/etc/hosts"]) == "127.0.0.1 localhost\n")
            #expect(try Program.moby(["ls", folder + "/web", "/etc/hosts"]).hasSuffix(" initrd:/etc/hosts\n"))
            let error = try Program.run(["ls", folder]).error
            #expect(error.contains("is a folder\n  hint: it contains the builds '\(folder)/web'"))
        }
    }

    @Test func pipesAreReadToTheirEnd() async throws {
        try await withArtifacts { folder in
            let program = try Program.path()
            for how in [
                "cat initrd.img | '\(program)' cat - /etc/hosts",
                "cat disk.img | '\(program)' cat /dev/stdin /etc/hosts",
            ] {
                let ended = try EndedProcess(
                    "/bin/sh", ["-c", how], folder: folder, environment: [:])
                #expect(ended.text == "127.0.0.1 localhost\n", "\(ended.complaint)")
            }
            // A FIFO would wait for a writer, and /dev/zero never ends.
            try #require(mkfifo(folder + "/f", 0o600) == 0)
            for (path, kind) in [(folder + "/f", "FIFO"), ("/dev/zero", "device")] {
                for verb in ["inspect", "ls"] {
                    #expect(try Program.run([verb, path]).error.contains("is a \(kind), expected a regular file"))
                }
            }
        }
    }

    @Test func exitCodesTellWhatWasWrong() async throws {
        try await withArtifacts { folder in
            let initrd = folder + "/initrd.img"
            try Data("\u{1b}either this\nnor that\n".utf8).write(to: URL(filePath: folder + "/garbage"))
            try Data(contentsOf: URL(filePath: initrd)).prefix(100).write(to: URL(filePath: folder + "/cut"))
            let runs: [([String], Int32, String)] = [
                (["inspect", folder + "/garbage"], 1, "not an artifact: 22 bytes that begin with '\\x1beither '"),
                (["inspect", folder + "/cut"], 1, "error: "),
                (["cat", initrd, "/etc/none"], 1, "'/etc/none' does not exist"),
                (["cat", initrd, "/etc"], 1, "'/etc' is a directory"),
                (["ls", initrd, "esp:/"], 1, "its volumes are initrd"),
                (["ls", folder + "/none"], 1, "No such file"), (["cat", initrd], 64, "missing expected argument"),
            ]
            for (arguments, status, message) in runs {
                let result = try Program.run(arguments)
                #expect(
                    result.status == status && result.error.contains(message),
                    "\(arguments): \(result.status) \(result.error)")
            }
        }
    }
}
