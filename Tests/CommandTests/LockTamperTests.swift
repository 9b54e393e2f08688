import Foundation
import TestSupport
import Testing

/// Locks that somebody edited, and what each command says of them: `build`, `build --frozen`, `lock`, `lock --diff`.
struct LockTamperTests {
    private struct Row {
        let name: String
        /// What is replaced, once.
        let old: Regex<Substring>
        let new: String
        /// Exit codes of the four.
        let status: [Int32]
        /// What the builds say, and what the comparison says; empty for nothing.
        let build: String
        let diff: String
    }

    private static let zeros = String(repeating: "0", count: 64)

    private static var rows: [Row] {
        [
            Row(
                name: "digest of an image", old: /digest: sha256:[0-9a-f]{64}/, new: "digest: sha256:\(zeros)",
                status: [1, 1, 0, 1], build: "MANIFEST_UNKNOWN", diff: "/acme/0:1: sha256:0000"),
            Row(
                name: "manifest of an image", old: /amd64: sha256:[0-9a-f]{64}/, new: "amd64: sha256:\(zeros)",
                status: [1, 1, 0, 1], build: "but web.lock.yml:7 has sha256:0000",
                diff: "/acme/0:1 for linux/amd64: sha256:0000"),
            Row(
                name: "no manifest of an image", old: /manifests:\n      linux.amd64: sha256:[0-9a-f]{64}/,
                new: "manifests: {}", status: [1, 1, 0, 1], build: "has no manifest for linux/amd64 at web.lock.yml:7",
                diff: "/acme/0:1 for linux/amd64"),
            Row(
                name: "local image", old: /layout"?\n    manifests:\n      linux.amd64: sha256:[0-9a-f]{64}/,
                new: "layout\n    manifests: {linux/amd64: \"sha256:\(zeros)\"}", status: [1, 1, 0, 1],
                build: "image 'oci:layout' for linux/amd64 is sha256:",
                diff: "image oci:layout: linux/amd64 sha256:0000"),
            Row(
                name: "file", old: /motd\n    digest: sha256:[0-9a-f]{64}/, new: "motd\n    digest: sha256:\(zeros)",
                status: [2, 2, 2, 1], build: "file 'motd' is sha256:", diff: "file motd: sha256:0000"),
            Row(
                name: "file that does not exist", old: /source: none\n/,
                new: "source: none\n    digest: sha256:\(zeros)\n", status: [2, 2, 2, 1],
                build: "file 'none' is no file, but web.lock.yml:", diff: "file none: sha256:0000"),
            Row(
                name: "package", old: /image: localhost.moby.box:[0-9a-f]+/, new: "image: localhost/moby/box:00",
                status: [2, 2, 2, 1], build: "package '@pkg:pkg' is localhost/moby/box:",
                diff: "package @pkg:pkg for linux/amd64: localhost/moby/box:00"),
            Row(
                name: "Debian package", old: /image: localhost.moby.box:[0-9a-f]+/,
                new: "debian: [a 1 all \(zeros)]\n    $0", status: [2, 2, 2, 1],
                build: "package '@pkg:pkg' is made of other Debian packages", diff: "debian - a 1"),
            Row(
                name: "encoding", old: /newc 1/, new: "newc 0", status: [0, 2, 0, 1],
                build: "this moby makes other bytes of the same inputs", diff: "encoding: newc 0"),
            Row(
                name: "platforms", old: /linux.amd64/, new: "linux/s390x", status: [2, 2, 2, 2],
                build: "the lock is for linux/s390x, not for linux/amd64", diff: ""),
            Row(
                name: "version", old: /lock: 1/, new: "lock: 2", status: [2, 2, 2, 2],
                build: "the lock has version '2', expected 1", diff: ""),
        ]
    }

    @Test func editedLocksAreNoticed() async throws {
        try await LockCommandTests().withSite { site in
            #expect(try site.moby("lock", "web.yml").status == 0)
            let lock = try TestFile.text("\(site.folder)/web.lock.yml")
            for row in Self.rows {
                let text = lock.replacing(row.old, maxReplacements: 1) { match in
                    row.new.replacing("$0", with: String(match.output))
                }
                #expect(text != lock, "\(row.name)")
                var ended: [Program.Result] = []
                for words in [
                    ["build", "--format", "tar", "web.yml"], ["build", "--frozen", "--format", "tar", "web.yml"],
                    ["lock", "web.yml"], ["lock", "--diff", "web.yml"],
                ] {
                    try site.write("web.lock.yml", text)
                    ended.append(
                        try Program.run(
                            words, in: site.folder,
                            environment: [
                                "MOBY_CACHE": "\(site.folder)/store", "MOBY_SHARE": "\(site.folder)/share",
                            ]))
                }
                #expect(ended.map(\.status) == row.status, "\(row.name): \(ended.map(\.error))")
                for build in ended.prefix(2) { #expect(build.error.contains(row.build), "\(row.name): \(build.error)") }
                #expect(
                    row.diff.isEmpty || ended[3].output.contains(row.diff),
                    "\(row.name): \(ended[3].output)\(ended[3].error)")
            }
        }
    }
}
