import Foundation
import TestSupport
import Testing

/// `moby metadata create`.
struct MetadataTests {
    /// LinuxKit's command line: a text becomes the file `config`.
    @Test func aTextBecomesADisc() async throws {
        try await withTemporaryDirectory { folder in
            try Program.moby(["metadata", "create", folder + "/d.iso", #"{"a": "b"}"#])
            #expect(try await Oracle("bsdtar")("-xOf", folder + "/d.iso", "config") == #"{"a": "b"}"#)
        }
    }

    /// With a name or keys it is cloud-init's; equal data give equal bytes, another name another instance.
    @Test func aNameMakesANoCloudDisc() async throws {
        try await withTemporaryDirectory { folder in
            try "# mine\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9q me\n".write(
                toFile: folder + "/k.pub", atomically: true, encoding: .utf8)
            try "{}".write(toFile: folder + "/data", atomically: true, encoding: .utf8)
            func make(_ name: String, hostname: String) throws -> String {
                let disc = "\(folder)/\(name).iso"
                try Program.moby(
                    [
                        "metadata", "create", "--hostname", hostname, "-ssh-key", folder + "/k.pub", "-data-file",
                        folder + "/data", disc,
                    ])
                return disc
            }
            let (one, same, other) = (
                try make("1", hostname: "web"), try make("2", hostname: "web"), try make("3", hostname: "db")
            )
            #expect(try await Oracle("cmp").run([one, same]).succeeded)
            #expect(try await Oracle("bsdtar")("-xOf", one, "user-data") == "{}")
            let facts = try await Oracle("jq")(
                "-c", "[.\"local-hostname\", .\"public-keys\"]", input: Oracle("bsdtar")("-xOf", one, "meta-data"))
            #expect(
                facts
                    == "[\"web\",[\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9q me\"]]\n"
            )
            let id = { (disc: String) in
                try await Oracle("jq")(".\"instance-id\"", input: Oracle("bsdtar")("-xOf", disc, "meta-data"))
            }
            #expect(try await id(one) != id(other))
        }
    }

    /// A private key never gets onto a CD.
    @Test func aPrivateKeyIsRefused() async throws {
        try await withTemporaryDirectory { folder in
            try "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA BBBB\n".write(
                toFile: folder + "/k", atomically: true, encoding: .utf8)
            let result = try Program.run(["metadata", "create", "--ssh-key", folder + "/k", folder + "/d.iso"])
            #expect(result.status == 1)
            #expect(result.error.contains("is a private key"))
            #expect(!result.error.contains("BBBB"))
        }
    }
}
