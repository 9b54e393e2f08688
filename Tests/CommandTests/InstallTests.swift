import Foundation
import TestSupport
import Testing

/// `make install`: the tree below a prefix, which works from any folder.
struct InstallTests {
    private static let installer = Oracle("\(Program.root)/.ci/install")

    @Test func theInstalledTreeWorksAndCanBeRemoved() async throws {
        try await withTemporaryDirectory { folder in
            // A word in two parts, and what is not moby's next to it.
            let root = folder + "/my root/usr"
            for file in ["share/man/man1/moby-engine.1", "share/moby/images.json"] {
                try TestFile.write("x", to: "\(root)/\(file)")
            }
            try await Self.installer("/usr", folder + "/my root")
            let moby = Oracle(root + "/bin/moby")
            let version = try TestFile.text("\(Program.root)/VERSION").trimmingCharacters(in: .newlines)
            #expect(try await moby("--version") == "\(version)\n")
            #expect(try await moby("lint", "--quiet", root + "/share/moby/examples/minimal.yml") == "")
            let schema = try TestFile.text(root + "/share/moby/schema/moby.schema.json")
            #expect(try await moby("schema") == schema)
            for shell in ["bash-completion/completions/moby", "zsh/vendor-completions/_moby"] {
                #expect(try TestFile.text("\(root)/share/\(shell)").contains("moby"))
            }
            // A page for each command, in a language that the formatter knows.
            for page in ["moby", "moby-build", "moby-cache-pull"] {
                let text = try await Oracle("groff")(
                    "-man", "-Tutf8", "-P-cbou", "-ww", "-rLL=80n", "\(root)/share/man/man1/\(page).1")
                #expect(text.contains("NAME"), "\(page)")
            }
            for file in [
                "lib/moby/init", "lib/moby/metadata", "share/moby/kernel/build.lock", "share/doc/moby/LICENSE",
            ] {
                #expect(FileManager.default.fileExists(atPath: "\(root)/\(file)"), "\(file)")
            }

            try await Self.installer("--remove", "/usr", folder + "/my root")
            let left = try #require(FileManager.default.enumerator(atPath: root)).compactMap { $0 as? String }
            #expect(
                left.filter { $0.contains("moby") }.sorted()
                    == ["share/man/man1/moby-engine.1", "share/moby", "share/moby/images.json"])
        }
    }
}
