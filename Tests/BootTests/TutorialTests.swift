import TestSupport
import Testing

/// The files and commands of docs/tutorial.md, in order, as a reader would type them.
struct TutorialTests {
    /// A fenced block of a page.
    private struct Block {
        let language: String
        /// The file that a comment `<!-- file: NAME -->` above the block names.
        let file: String?
        let text: String
    }

    private static func blocks(of page: String) -> [Block] {
        var blocks: [Block] = []
        var file: String?
        var open: (language: String, lines: [Substring])?
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            if let block = open {
                if line == "```" {
                    let text = block.lines.joined(separator: "\n") + "\n"
                    blocks.append(Block(language: block.language, file: file, text: text))
                    (open, file) = (nil, nil)
                } else {
                    open?.lines.append(line)
                }
            } else if line.hasPrefix("```") {
                open = (String(line.dropFirst(3)), [])
            } else if line.hasPrefix("<!-- file: ") {
                file = String(line.dropFirst(11).dropLast(4))
            }
        }
        return blocks
    }

    @Test(.bootedAgain) func tutorialWorks() async throws {
        let blocks = Self.blocks(of: try TestFile.text(Program.root + "/docs/tutorial.md"))
        try #require(blocks.contains { $0.file != nil } && blocks.contains { $0.language == "sh" })
        try await withTemporaryDirectory { folder in
            let wrapper = "#!/bin/sh\nexec '\(try Program.path())' \"$@\"\n"
            try TestFile.write(wrapper, to: folder + "/bin/moby", mode: 0o755)
            // One shell for all: the reader stays in the folder.
            var script = "set -euo pipefail\n"
            for (number, block) in blocks.enumerated() {
                if let file = block.file {
                    try TestFile.write(block.text, to: "\(folder)/block\(number)")
                    script += "mkdir -p \"$(dirname '\(file)')\"; cp '\(folder)/block\(number)' '\(file)'\n"
                } else if block.language == "sh" {
                    script += block.text
                }
            }
            let ended = try EndedProcess(
                "bash", ["-c", script], folder: folder,
                environment: [
                    "PATH": folder + "/bin:" + (Program.environment["PATH"] ?? ""), "HOME": folder,
                    "MOBY_CACHE": Program.cache, "LINUXKIT_QEMU_ACCEL": "tcg",
                ])
            guard ended.succeeded else {
                throw Program.Unexpected(description: "the tutorial ended with \(ended.status): \(ended.complaint)")
            }
            #expect(ended.text.contains("shop.iso"))
        }
    }
}
