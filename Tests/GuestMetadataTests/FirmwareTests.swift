import Foundation
import GuestSystem
import TestSupport
import Testing

@testable import GuestMetadata

/// What a hypervisor hands over without a network or a disk.
struct FirmwareTests {
    /// A structure with its strings.
    private static func structure(_ type: UInt8, _ strings: [String], length: UInt8 = 5) -> [UInt8] {
        var bytes = [type, length, 0, 0] + [UInt8](repeating: 1, count: Int(length) - 4)
        for text in strings { bytes += Array(text.utf8) + [0] }
        return bytes + (strings.isEmpty ? [0, 0] : [0])
    }

    private static let table =
        structure(0, ["SeaBIOS"], length: 24) + structure(32, [])
        + structure(
            11,
            [
                "io.systemd.credential:system.hostname=web1", "unrelated", "io.systemd.credential.binary:key=AAEC",
                "io.systemd.credential.binary:moby.userdata=aGVsbG8=", "io.systemd.credential:../x=y",
                "io.systemd.credential:ssh.authorized_keys.root=ssh-rsa AAAA me",
            ]) + structure(127, [])

    private static func probe(_ table: [UInt8], serial: String = "", in folder: String) throws -> ProviderResult {
        try Data(table).write(to: URL(filePath: folder + "/DMI"))
        return FirmwareTables(path: folder + "/DMI", identity: MachineIdentity(serial: serial))
            .probe(until: ProviderDeadline(milliseconds: 20_000))
    }

    @Test func readsCredentialsOfTheFirmware() async throws {
        try await withTemporaryDirectory { folder in
            let finding = try #require(try Self.probe(Self.table, in: folder).finding)
            #expect(finding.provider == "SMBIOS" && finding.hostname == "web1" && finding.userText == "hello")
            #expect(finding.keys == ["ssh-rsa AAAA me"])
            #expect(finding.credentials.contains(FirmwareCredential(name: "key", bytes: [0, 1, 2])))
            #expect(finding.credentials.count == 4 && finding.errors.count == 1)
            #expect(try Self.probe(Self.structure(1, ["x"]), in: folder) == .absent("no credentials in type 11"))
            #expect(try Self.probe([], in: folder) == .absent("no credentials in type 11"))
        }
    }

    /// Any bytes: an answer, never a trap.
    @Test func survivesDamagedTables() {
        var numbers = Numbers(80)
        for _ in 0..<20_000 {
            var bytes = Self.table
            for _ in 0..<3 {
                bytes[.random(in: 0..<bytes.count, using: &numbers)] = .random(in: 0...255, using: &numbers)
            }
            bytes.removeLast(.random(in: 0..<bytes.count, using: &numbers))
            #expect(FirmwareTables.strings(bytes).count <= bytes.count)
        }
    }

    @Test func aSerialNumberNamesASeed() async throws {
        let server = try ScriptedMetadata([
            "/web1/user-data": "u", "/web1/meta-data": "local-hostname: web1\npublic-keys: [ssh-rsa AAAA me]\n",
        ])
        let host = server.server.host
        try await withTemporaryDirectory { folder in
            let seed = "ds=nocloud-net;s=http://\(host)/web1/"
            let finding = try #require(try Self.probe([], serial: seed, in: folder).finding)
            #expect(finding.provider == "NoCloud" && finding.hostname == "web1" && finding.userText == "u")
            #expect(finding.keys == ["ssh-rsa AAAA me"] && finding.errors == [])
            let named = try #require(
                try Self.probe(Self.table, serial: "ds=nocloud;h=web9;i=x", in: folder).finding)
            #expect(named.hostname == "web9" && named.userText == "hello")
            let broken = try #require(
                try Self.probe([], serial: "ds=nocloud;s=http://seed.example/", in: folder).finding)
            #expect(broken.errors.first?.description.contains("an address instead of a name") == true)
        }
    }

    @Test func readsTheKernelCommandLine() async throws {
        try await withTemporaryDirectory { folder in
            func probe(_ text: String) throws -> ProviderResult {
                try text.write(toFile: folder + "/cmdline", atomically: true, encoding: .utf8)
                return KernelCommandLine(path: folder + "/cmdline").probe(until: ProviderDeadline(milliseconds: 1000))
            }
            let both = try #require(try probe("quiet moby.userdata=aGVsbG8= ds=nocloud;h=web1 x\n").finding)
            #expect(both.userText == "hello" && both.hostname == "web1" && both.provider == "cmdline")
            #expect(try probe("quiet\n").finding == nil)
            #expect(try probe("moby.userdata=%\n").finding?.errors.count == 1)
            #expect(NoCloudSeed("ds=ec2;h=x") == nil && NoCloudSeed("xds=nocloud") == nil)
        }
    }

    @Test func readsFilesOfQEMU() async throws {
        try await withTemporaryDirectory { folder in
            #expect(FirmwareConfig(folder: folder + "/none").probe().finding == nil)
            #expect(FirmwareConfig(folder: folder).probe().finding == nil)
            for (name, text) in [
                ("org.mobyproject/userdata", "u"), ("org.mobyproject/hostname", "web1\n"),
                ("org.mobyproject/authorized_keys", "ssh-rsa AAAA me\n"), ("io.systemd.credentials/token", "t"),
            ] {
                let path = "\(folder)/opt/\(name)"
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                try text.write(toFile: path + "/raw", atomically: true, encoding: .utf8)
            }
            #expect(
                FirmwareConfig(folder: folder).probe()
                    == .found(
                        Finding(
                            provider: "fw_cfg", origin: "QEMU fw_cfg", hostname: "web1", keys: ["ssh-rsa AAAA me"],
                            userData: Array("u".utf8),
                            credentials: [FirmwareCredential(name: "token", bytes: Array("t".utf8))])))
        }
    }
}
