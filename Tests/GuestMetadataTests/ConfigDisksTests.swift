import Foundation
import GuestSystem
import TestSupport
import Testing

@testable import GuestMetadata

/// Which devices are looked at, and what their files say.
struct ConfigDiskTests {
    @Test func cdsComeFirstAndSomeDevicesNever() {
        let names = ["vda", "loop0", "ram1", "sr1", "zram0", "fd0", "sr0", "vda1", "sda", "dm-0", "md0", "nvme0n1p1"]
        #expect(ConfigDisks.candidates(names) == ["sr0", "sr1", "nvme0n1p1", "sda", "vda", "vda1"])
    }

    private static func device(_ offsets: [(Int, [UInt8])]) -> BlockVolume? {
        var bytes = [UInt8](repeating: 0, count: 40_000)
        for (offset, part) in offsets { bytes.replaceSubrange(offset..<offset + part.count, with: part) }
        return BlockVolume { offset, count in Array(bytes[offset..<(offset + count)]) }
    }

    private static let fatEnd: (Int, [UInt8]) = (510, [0x55, 0xAA])

    @Test func readsLabels() {
        let disc = Self.device([(32768, [1] + Array("CD001".utf8)), (32808, Array("CIDATA    ".utf8))])
        #expect(disc?.type == "iso9660" && disc?.label == "CIDATA")
        let fat16 = Self.device([(38, [0x29]), (43, Array("cidata     FAT16   ".utf8)), Self.fatEnd])
        #expect(fat16?.type == "vfat" && fat16?.label == "cidata")
        let fat32 = Self.device([(66, [0x29]), (71, Array("CONFIG-2   FAT32   ".utf8)), Self.fatEnd])
        #expect(fat32?.type == "vfat" && fat32?.label == "CONFIG-2")
        let udf = Self.device([(32768, [0] + Array("BEA01".utf8)), (34816, [0] + Array("NSR02".utf8))])
        #expect(udf?.type == "udf")
        #expect(Self.device([]) == nil)
        #expect(Self.device([Self.fatEnd]) == nil)
        #expect(BlockVolume { _, _ in nil } == nil)
    }

    /// Images that the usual programs make.
    @Test func readsLabelsOfOtherPrograms() async throws {
        try await withTemporaryDirectory { folder in
            try "x".write(toFile: folder + "/user-data", atomically: true, encoding: .utf8)
            try await Oracle("genisoimage")(
                "-quiet", "-V", "cidata", "-r", "-J", "-o", folder + "/cd.iso", folder + "/user-data")
            let disc = try #require(try BlockVolume(device: folder + "/cd.iso"))
            #expect(disc.type == "iso9660" && disc.label == "cidata")
            let ext4 = folder + "/ext4"
            try await Oracle("truncate")("-s", "1M", ext4)
            try await Oracle("mkfs.ext4")("-q", "-L", "data", "-U", "01234567-89ab-cdef-0123-456789abcdef", ext4)
            let data = try #require(try BlockVolume(device: ext4))
            #expect(data.type == "ext4" && data.label == "data" && data.uuid == "01234567-89ab-cdef-0123-456789abcdef")
            for (bits, size) in [("12", "1M"), ("16", "32M"), ("32", "64M")] {
                let path = folder + "/fat\(bits)"
                try await Oracle("truncate")("-s", size, path)
                try await Oracle("mkfs.vfat")("-F", bits, "-n", "CIDATA", path)
                let volume = try #require(try BlockVolume(device: path))
                #expect(volume.type == "vfat" && volume.label == "CIDATA")
            }
        }
    }

    @Test(arguments: [
        ("sr0", "ANYTHING", true), ("vdb", "CIDATA", true), ("vdb", "config-2", true), ("vdb", "DATA", false),
        ("srx", "x", false),
    ])
    func choosesVolumes(name: String, label: String, matches: Bool) throws {
        let volume = try #require(
            Self.device([
                (38, [0x29]), (43, Array(label.padding(toLength: 11, withPad: " ", startingAt: 0).utf8)),
                (54, Array("FAT".utf8)),
                Self.fatEnd,
            ]))
        #expect(ConfigDisks.matches(name, volume) == matches)
    }

    @Test func readsNoCloudConfigDriveAndPlainDisks() async throws {
        try await withTemporaryDirectory { folder in
            func finding(_ files: [String: String], label: String) throws -> Finding? {
                let root = folder + "/" + UUID().uuidString
                for (name, text) in files {
                    let path = root + "/" + name
                    try FileManager.default.createDirectory(
                        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                    try text.write(toFile: path, atomically: true, encoding: .utf8)
                }
                try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
                return try ConfigFiles.read(try Folder(root), label: label, origin: "/dev/sr0")
            }
            let plain = try finding(["config": "c"], label: "CONFIG")
            #expect(plain?.provider == "CDROM" && plain?.userData == Array("c".utf8))
            let both = try finding(
                ["config": "c", "user-data": "u", "meta-data": "local-hostname: web1\n"], label: "cidata")
            #expect(both?.provider == "NoCloud" && both?.userData == Array("u".utf8) && both?.hostname == "web1")
            let named = try finding(["meta-data": "local-hostname: web1\n"], label: "cidata")
            #expect(named?.hostname == "web1" && named?.userData == nil)
            let drive = try finding(
                [
                    "openstack/latest/user_data": "u",
                    "openstack/latest/meta_data.json":
                        #"{"hostname": "web3", "public_keys": {"me": "ssh-rsa AAAA me\n"}}"#,
                ], label: "config-2")
            #expect(drive?.provider == "ConfigDrive" && drive?.hostname == "web3" && drive?.keys == ["ssh-rsa AAAA me"])
            // Names on volumes without long ones.
            for (data, facts) in [("USER-DAT", "META-DAT"), ("user_dat", "meta_dat"), ("USER-D~1", "META-D~1")] {
                let short = try finding([data: "u", facts: "local-hostname: web4\n"], label: "CIDATA")
                #expect(short?.userData == Array("u".utf8) && short?.hostname == "web4")
            }
            let broken = try finding(["user-data": "u", "meta-data": "a: [\n"], label: "cidata")
            #expect(broken?.userData == Array("u".utf8) && broken?.errors.count == 1)
            #expect(try finding([:], label: "CONFIG") == nil)
            #expect(try finding(["user-data": "u"], label: "config-2") == nil)
        }
    }

    /// A link on a CD leads to no file of the machine.
    @Test func followsNoLinksOfADisc() async throws {
        try await withTemporaryDirectory { folder in
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/user-data", withDestinationPath: "/etc/passwd")
            #expect(throws: MetadataError.self) {
                try ConfigFiles.read(try Folder(folder), label: "cidata", origin: "x")
            }
        }
    }

    struct Facts: Sendable, CustomTestStringConvertible {
        let text: String
        var hostname: String?
        var keys: [String] = []
        var testDescription: String { String(text.prefix(40)) }
    }

    @Test(arguments: [
        Facts(text: ""),
        Facts(text: "instance-id: i-1\nlocal-hostname: web1\n", hostname: "web1"),
        Facts(text: "# x\r\nhostname: 'web1'\r\n", hostname: "web1"),
        Facts(text: "local-hostname: \"a\"\nhostname: b\n", hostname: "a"),
        Facts(
            text: "public-keys:\n  - ssh-rsa AAAA me\n  - \"ssh-ed25519 BBBB\"\nlocal-hostname: w\n", hostname: "w",
            keys: ["ssh-rsa AAAA me", "ssh-ed25519 BBBB"]),
        Facts(text: "public-keys:\n- ssh-rsa AAAA\nx: y z\n", keys: ["ssh-rsa AAAA"]),
        Facts(text: "public-keys:\n  mine: ssh-rsa AAAA\n", keys: ["ssh-rsa AAAA"]),
        Facts(text: "public-keys: [\"ssh-rsa AAAA\", \"ssh-rsa BBBB\"]\n", keys: ["ssh-rsa AAAA", "ssh-rsa BBBB"]),
        Facts(
            text: #"{"local-hostname": "j", "public-keys": ["ssh-rsa AAAA"]}"#, hostname: "j", keys: ["ssh-rsa AAAA"]),
    ])
    func readsMetadata(facts: Facts) throws {
        let metadata = InstanceMetadata(Array(facts.text.utf8))
        #expect(metadata.errors == [])
        #expect(metadata.hostname == facts.hostname)
        #expect(metadata.keys == facts.keys)
    }

    @Test(arguments: ["{\"a\"", "::::\n: \n-\n", "a: [\n"])
    func brokenMetadataAreAnError(text: String) {
        let metadata = InstanceMetadata(Array(text.utf8))
        #expect(metadata.errors.count == 1 && metadata.hostname == nil)
    }
}
