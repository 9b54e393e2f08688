import Foundation
import TestSupport
import Testing

@testable import GuestMetadata

/// What comes to lie in `/run/config`.
struct ConfigWriterTests {
    private static let finding = Finding(
        provider: "GCP", origin: "GCP", hostname: "web1.example", keys: ["ssh-ed25519 AAAA a", "ssh-rsa BBBB"],
        userData: Array(#"{"app": {"perm": "0500", "entries": {"key": {"content": "k", "perm": "0400"}}}}"#.utf8))

    @Test func writesAllThatWasSaid() async throws {
        try await withTemporaryDirectory { folder in
            let config = folder + "/config"
            // Twice: a second run replaces what the first has written.
            for _ in 0..<2 {
                var writer = try ConfigWriter(folder: config)
                #expect(writer.write(Self.finding) == "web1.example")
                #expect(writer.errors == [])
            }
            #expect(try text(config + "/provider") == "GCP\n")
            #expect(try text(config + "/hostname") == "web1.example\n")
            #expect(try text(config + "/ssh/authorized_keys") == "ssh-ed25519 AAAA a\nssh-rsa BBBB\n")
            #expect(try text(config + "/userdata").utf8.elementsEqual(Self.finding.userData ?? []))
            #expect(try text(config + "/app/key") == "k")
            #expect(try mode(config + "/ssh/authorized_keys") == 0o600)
            #expect(try mode(config + "/ssh") == 0o755)
            #expect(try mode(config + "/app") == 0o500)
            #expect(try mode(config + "/app/key") == 0o400)
            #expect(try mode(config + "/userdata") == 0o644)
        }
    }

    /// Links that lie there already lead nothing outside.
    @Test func followsNoLinks() async throws {
        try await withTemporaryDirectory { folder in
            let (config, outside) = (folder + "/config", folder + "/outside")
            try FileManager.default.createDirectory(atPath: config, withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
            try "old".write(toFile: outside + "/f", atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: config + "/d", withDestinationPath: outside)
            try FileManager.default.createSymbolicLink(atPath: config + "/f", withDestinationPath: outside + "/f")
            var writer = try ConfigWriter(folder: config)
            let userData = #"{"d": {"entries": {"f": {"content": "new"}}}, "f": "new"}"#
            _ = writer.write(Finding(provider: "file", origin: "x", userData: Array(userData.utf8)))
            #expect(writer.errors.count == 1)
            #expect(writer.errors.first?.description.contains("config/d") == true)
            #expect(try text(outside + "/f") == "old")
            #expect(try text(config + "/f") == "new")
        }
    }

    @Test func aFileInTheWayOfAFolderIsAnError() async throws {
        try await withTemporaryDirectory { folder in
            var writer = try ConfigWriter(folder: folder + "/config")
            _ = writer.write(
                Finding(provider: "file", origin: "x", userData: Array(#"{"a": "x", "a": {"b": "y"}, "c": "z"}"#.utf8)))
            #expect(writer.errors.count == 1)
            #expect(try text(folder + "/config/c") == "z")
        }
    }

    @Test func aNameInTheUserDataNamesTheMachine() async throws {
        try await withTemporaryDirectory { folder in
            var writer = try ConfigWriter(folder: folder + "/config")
            #expect(
                writer.write(
                    Finding(
                        provider: "CDROM", origin: "x", userData: Array(#"{"hostname": {"content": "web2\n"}}"#.utf8)))
                    == "web2")
            #expect(try text(folder + "/config/hostname") == "web2\n")
        }
    }

    @Test(arguments: [
        ("web1", "web1"), (" web1.c.project.internal \n", "web1.c.project.internal"),
        ("web1.\(String(repeating: "x", count: 70))", "web1"), ("", nil), ("a b", nil), ("../x", nil), (".x", nil),
        ("x\ny", nil),
        (String(repeating: "x", count: 65), nil), ("bücher", nil),
    ])
    func checksHostnames(text: String, name: String?) { #expect((try? Hostname.checked(text)) == name) }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }
}
