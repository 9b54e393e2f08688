import BootLayout
import Glibc
import GuestSystem
import Testing

@testable import GuestInit

struct MountOptionsTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var options: [String]
        var flags: MountFlags = []
        var propagation: [MountFlags] = []
        var data: [String] = []

        var testDescription: String { options.joined(separator: " ") }
    }

    @Test(arguments: [
        Row(options: []),
        Row(options: ["defaults"]),
        Row(options: ["ro", "nosuid", "nodev", "noexec"], flags: [.readOnly, .noSetUID, .noDevices, .noExecution]),
        Row(options: ["ro", "nosuid", "rw", "suid"]),
        Row(options: ["rbind", "rshared"], flags: [.bind, .recursive], propagation: [[.shared, .recursive]]),
        Row(options: ["remount", "private"], flags: .remount, propagation: [.private]),
        Row(options: ["relatime,size=10%", "mode=755"], flags: .relativeAccessTime, data: ["size=10%", "mode=755"]),
        Row(options: ["slave", "unbindable"], propagation: [.slave, .unbindable]),
        Row(options: ["lowerdir=/a:/b", "upperdir=/c"], data: ["lowerdir=/a:/b", "upperdir=/c"]),
    ])
    func sortsWords(row: Row) {
        let options = MountOptions(row.options)
        #expect(options.flags == row.flags)
        #expect(options.propagation == row.propagation)
        #expect(options.data == row.data)
    }

    @Test func valuesAreFoundByName() {
        let options = MountOptions(["lowerdir=/a", "upperdir=/b", "upperdir=/c"])
        #expect(options.value("upperdir") == "/c")
        #expect(options.value("workdir") == nil)
        #expect(options.value("upper") == nil)
    }
}

struct MountCallTests {
    private func calls(_ type: String, _ source: String, _ options: [String]) -> [MountCall] {
        MountCall.calls(
            for: RuntimeRecord.Mount(destination: "/d", type: type, source: source, options: options), at: "/d")
    }

    @Test func readOnlyBindNeedsTwoCalls() {
        #expect(
            calls("", "/s", ["bind", "ro"]) == [
                MountCall(source: "/s", target: "/d", type: "", flags: [.bind, .readOnly]),
                MountCall(source: "", target: "/d", type: "", flags: [.bind, .remount, .readOnly]),
            ])
    }

    @Test func plainBindNeedsOne() {
        #expect(calls("bind", "/s", []) == [MountCall(source: "/s", target: "/d", type: "bind", flags: .bind)])
    }

    @Test func propagationIsACallOfItsOwn() {
        #expect(
            calls("tmpfs", "tmpfs", ["size=1m", "shared"]) == [
                MountCall(source: "tmpfs", target: "/d", type: "tmpfs", flags: [], data: "size=1m"),
                MountCall(source: "", target: "/d", type: "", flags: .shared),
            ])
    }

    /// LinuxKit's records "remount" a tmpfs to change its propagation only.
    @Test func remountWithPropagationChangesNothingElse() {
        #expect(
            calls("", "", ["remount", "private"]) == [MountCall(source: "", target: "/d", type: "", flags: .private)])
    }

    @Test func overlayKeepsItsData() {
        #expect(
            calls("overlay", "overlay", ["lowerdir=/l", "upperdir=/u"]) == [
                MountCall(source: "overlay", target: "/d", type: "overlay", flags: [], data: "lowerdir=/l,upperdir=/u")
            ])
    }
}

struct MountedDisksTests {
    @Test func lastMountedDiskComesFirst() {
        let table = """
            rootfs / rootfs rw 0 0
            /dev/vda1 /var ext4 rw 0 0
            proc /proc proc rw 0 0
            10.0.0.1:/x /mnt/with\\040space nfs4 rw 0 0
            """
        #expect(
            MountedDisks.list(in: table) == [
                .init(path: "/mnt/with space", isRemote: true), .init(path: "/var", isRemote: false),
            ])
    }

    @Test(arguments: [("a\\134b", "a\\b"), ("a\\1", "a\\1"), ("\\011", "\t"), ("a\\999", "a\\999")])
    func decodesOctal(written: String, path: String) { #expect(MountedDisks.unescaped(written[...]) == path) }
}

struct EarlyMountsTests {
    @Test func foldersAreMountedBeforeWhatLiesInThem() {
        var mounted = ["/", "/proc"]
        for entry in EarlyMounts.all {
            let owners = EarlyMounts.all.map(\.target).filter { entry.target.hasPrefix($0 + "/") }
            for owner in owners { #expect(mounted.contains(owner), "\(entry.target) before \(owner)") }
            mounted.append(entry.target)
        }
    }

    @Test func volumesKeepChangesOnlyWhenWritable() {
        #expect(
            Volumes.mounts(of: "/v", isWritable: false) == [
                .init(destination: "/v/merged", source: "/v/lower", options: ["bind", "ro"])
            ])
        let writable = Volumes.mounts(of: "/v", isWritable: true)
        #expect(writable.map(\.type) == ["tmpfs", "overlay"])
        #expect(writable[1].options.contains("upperdir=/v/tmp/upper"))
    }
}

struct RootVolumeTests {
    private static func volume(_ bytes: [UInt8], at start: Int) -> BlockVolume? {
        BlockVolume { offset, count in offset == start ? (bytes.count >= count ? Array(bytes.prefix(count)) : nil) : nil
        }
    }

    private static func superblock() -> [UInt8] {
        var bytes: [UInt8] = [0xE2, 0xE1, 0xF5, 0xE0] + [UInt8](repeating: 0, count: 124)
        for index in 0..<16 { bytes[48 + index] = UInt8(0xA0 + index) }
        bytes.replaceSubrange(64..<68, with: Array("root".utf8))
        return bytes
    }

    @Test func readsNameAndIdentity() throws {
        let volume = try #require(Self.volume(Self.superblock(), at: 1024))
        #expect(volume.uuid == "a0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf")
        #expect(volume.label == "root")
        #expect(RootName("UUID=A0A1A2A3-a4a5-a6a7-a8a9-aaabacadaeaf").matches(device: "vda", volume))
        #expect(RootName("LABEL=root").matches(device: "vda", volume))
        #expect(RootName("/dev/vda").matches(device: "vda", volume))
        #expect(!RootName("LABEL=other").matches(device: "vda", volume))
        #expect(!RootName("vdb").matches(device: "vda", volume))
    }

    @Test func readsTheLabelOfAnISO() throws {
        var bytes: [UInt8] = [1] + Array("CD001".utf8) + [1, 0] + [UInt8](repeating: 0x20, count: 120)
        bytes.replaceSubrange(40..<47, with: Array("ROOT_1F".utf8))
        let volume = try #require(Self.volume(bytes, at: 32768))
        #expect(volume.label == "ROOT_1F" && volume.uuid.isEmpty && volume.rootFileSystem == .iso9660)
        #expect(volume.text == "ISO 9660, LABEL=ROOT_1F")
        #expect(RootName("LABEL=ROOT_1F").matches(device: "sr0", volume))
        #expect(!RootName("LABEL=ROOT_1").matches(device: "sr0", volume))
        // Without a name at all.
        bytes.replaceSubrange(40..<72, with: [UInt8](repeating: 0x20, count: 32))
        #expect(Self.volume(bytes, at: 32768)?.label == "")
        bytes[5] = 0
        #expect(Self.volume(bytes, at: 32768) == nil)
    }

    @Test func otherBytesAreNoVolume() {
        var wrong = Self.superblock()
        wrong[0] = 0
        #expect(Self.volume(wrong, at: 1024) == nil)
        #expect(Self.volume(Self.superblock().dropLast(), at: 1024) == nil)
    }

    /// A disk that cannot be read is not one with another file system.
    @Test func anUnreadableDiskIsAnError() throws {
        #expect(try BlockVolume(device: "/nonexistent") == nil)
        #expect(try BlockVolume(device: "/dev/zero") == nil)
        // Reading this process's memory at such an address is an I/O error, whoever runs the test.
        #expect(throws: SystemError("reading", "/proc/self/mem", number: EIO)) {
            try BlockVolume(device: "/proc/self/mem")
        }
    }

    @Test func unreadableMountsAreAnError() throws {
        #expect(throws: SystemError("opening", "/nonexistent/mounts", number: ENOENT)) {
            try MountedDisks.current(in: "/nonexistent/mounts")
        }
        #expect(throws: SystemError("reading", "/proc/self/mem", number: EIO)) {
            try MountedDisks.current(in: "/proc/self/mem")
        }
    }
}
