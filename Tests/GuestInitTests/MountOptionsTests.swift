import BootLayout
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

struct MountTableTests {
    @Test func lastMountedDiskComesFirst() {
        let table = """
            rootfs / rootfs rw 0 0
            /dev/vda1 /var ext4 rw 0 0
            proc /proc proc rw 0 0
            10.0.0.1:/x /mnt/with\\040space nfs4 rw 0 0
            """
        #expect(
            MountTable.disks(in: table) == [
                .init(path: "/mnt/with space", isRemote: true), .init(path: "/var", isRemote: false),
            ])
    }

    @Test(arguments: [("a\\134b", "a\\b"), ("a\\1", "a\\1"), ("\\011", "\t"), ("a\\999", "a\\999")])
    func decodesOctal(written: String, path: String) { #expect(MountTable.unescaped(written[...]) == path) }
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
