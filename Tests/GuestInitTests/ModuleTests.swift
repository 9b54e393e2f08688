import Glibc
import TestSupport
import Testing

@testable import GuestInit

struct AliasTests {
    @Test(arguments: [
        ("pci:v00001AF4d*sv*sd*bc*sc*i*", "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00", true),
        ("pci:v00001AF5d*", "pci:v00001AF4d00001000", false), ("a?c", "abc", true), ("a?c", "ac", false),
        ("v[0-9]x", "v5x", true), ("v[!0-9]x", "v5x", false), ("acpi*:PNP0C0C:*", "acpi:PNP0C0C:", true),
        ("usb:v-a[a-c]*", "usb:v_ab", true),
    ])
    func patternsMatch(pattern: String, name: String, expected: Bool) {
        let index = ModuleIndex(dependencies: [], aliases: Array("alias \(pattern) x\n".utf8))
        #expect(index.modules(matching: [name]) == (expected ? ["x"] : []))
    }

    @Test func dashesAreUnderscoresOutsideOfBrackets() {
        #expect(ModuleIndex.normalized("a-b[c-d]-e".utf8) == "a_b[c-d]_e".utf8CString.map { $0 })
    }
}

struct ModuleIndexTests {
    static let index = ModuleIndex(
        dependencies: Array(
            """
            kernel/net/virtio_net.ko.xz: kernel/net/net_failover.ko.xz kernel/net/failover.ko.xz kernel/virtio/virtio.ko.xz
            kernel/net/net_failover.ko.xz: kernel/net/failover.ko.xz
            kernel/net/failover.ko.xz:
            kernel/virtio/virtio.ko.xz:
            kernel/virtio/virtio-pci.ko: kernel/virtio/virtio.ko.xz
            kernel/a.ko:
            kernel/b.ko:
            kernel/c.ko:

            """.utf8),
        aliases: Array(
            """
            # Aliases extracted from modules themselves.
            alias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci
            alias virtio:d00000001v* virtio_net
            alias fs-overlay overlay
            alias x-y a
            alias x_y b
            """.utf8),
        soft: Array("softdep a pre: b-x b post: c\nsoftdep c post: a\nsoftdep broken\n".utf8),
        builtin: Array("kernel/fs/ext4/ext4.ko\n".utf8))

    @Test func readsDependencies() {
        #expect(
            Self.index["virtio_pci"]
                == .init(path: "kernel/virtio/virtio-pci.ko", dependencies: ["kernel/virtio/virtio.ko.xz"]))
        #expect(Self.index["nothing"] == nil)
        #expect(Self.index.builtin == ["ext4"])
    }

    @Test func knowsDeviceFilesOfModulesToLoadOnDemand() {
        let aliases = """
            alias devname:loop-control loop
            alias block-major-7-* loop
            alias char-major-10-237 loop
            alias char-major-10-200 tun
            alias devname:net/tun tun
            alias devname:../x y
            alias char-major-1-2 y
            alias char-major-4-* serial
            alias devname:lonely none
            """
        let index = ModuleIndex(dependencies: [], aliases: Array(aliases.utf8))
        #expect(
            index.deviceNodes() == [
                ModuleDevice(name: "loop-control", major: 10, minor: 237),
                ModuleDevice(name: "net/tun", major: 10, minor: 200),
            ])
    }

    @Test func findsModulesOfDevices() {
        #expect(
            Self.index.modules(matching: ["pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00"]) == ["virtio_pci"])
        #expect(Self.index.modules(matching: ["virtio:d00000001v00001AF4", "x-y"]) == ["virtio_net", "a", "b"])
        #expect(Self.index.modules(matching: ["usb:x", ""]).isEmpty)
    }

    @Test(arguments: [("kernel/a-b.ko.zst", "a_b"), ("snd-hda", "snd_hda"), ("/x/y.ko", "y")])
    func namesModules(path: String, name: String) { #expect(ModuleIndex.name(of: path) == name) }

    private func order(_ modules: [String], loaded: Set<String> = []) -> [String] {
        ModuleClosure.steps(for: modules, in: Self.index, loaded: loaded).map(\.name)
    }

    @Test func dependenciesAreLoadedFirst() {
        #expect(order(["virtio_net"]) == ["virtio", "failover", "net_failover", "virtio_net"])
        #expect(
            order(["virtio_net", "virtio_pci"], loaded: ["virtio", "failover"]) == [
                "net_failover", "virtio_net", "virtio_pci",
            ])
        #expect(order(["ext4", "nothing"]).isEmpty)
    }

    @Test func softDependenciesMayFormCircles() {
        let steps = ModuleClosure.steps(for: ["a"], in: Self.index, loaded: [])
        #expect(steps.map(\.name) == ["b", "a", "c"])
        #expect(steps.map(\.isOptional) == [true, false, true])
    }
}

struct ModuleLoaderTests {
    /// An image without modules is common, a kernel without a release is not.
    @Test func anUnknownReleaseIsReported() throws {
        let folder = try TemporaryFolder()
        var reports: [String] = []
        #expect(ModuleLoader(root: folder.path, kernel: folder.path) { reports.append($0) } == nil)
        #expect(reports == ["opening '\(folder.path)/osrelease': No such file or directory; no modules can be loaded"])
        try folder.write("osrelease", "6.1\n")
        #expect(ModuleLoader(root: folder.path, kernel: folder.path) { reports.append($0) } == nil)
        #expect(reports.count == 1)
    }
}

struct ModuleSettingsTests {
    @Test func readsConfiguration() {
        var settings = ModuleSettings()
        settings.readConfiguration(
            Array("# no\nblacklist pc-spkr\noptions kvm nested=1\noptions kvm x=y z\ninstall foo /bin/true\n".utf8))
        settings.readList(Array("# list\n\nbr_netfilter\n; old\nip-tables rest\n".utf8))
        settings.readCommandLine("quiet root=/dev/vda1 loop.max_loop=8 modprobe.blacklist=floppy,a-b")
        #expect(settings.blacklist == ["pc_spkr", "floppy", "a_b"])
        #expect(settings.options == ["kvm": "nested=1 x=y z", "loop": "max_loop=8"])
        #expect(settings.wanted == ["br_netfilter", "ip_tables"])
    }
}

struct DeviceTests {
    @Test func readsAliasesOfBuses() throws {
        let folder = try TemporaryFolder()
        try folder.write("bus/pci/devices/0000:00:01.0/modalias", "pci:v1\n")
        try folder.write("bus/pci/devices/0000:00:02.0/modalias", "pci:v1\n")
        try folder.write("bus/cpu/devices/cpu0/modalias", "cpu:x\n")
        try folder.write("bus/virtio/devices/virtio0/other", "")
        try folder.write("class/input/input0/modalias", "input:y\n")
        let urgent = DeviceAliases(includesBus: DeviceAliases.urgent.includesBus, root: folder.path)
        #expect(urgent.read() == ["pci:v1"])
        #expect(DeviceAliases(includesBus: { _ in true }, root: folder.path).read() == ["cpu:x", "pci:v1", "input:y"])
    }

    @Test func readsEventsOfTheKernel() throws {
        let text =
            "add@/devices/x\0ACTION=add\0DEVPATH=/devices/x\0SUBSYSTEM=virtio\0MODALIAS=virtio:d2v1\0DEVNAME=vda\0SEQNUM=9\0"
        let event = try #require(DeviceEvent(Array(text.utf8)[...]))
        #expect(
            event.action == "add" && event.subsystem == "virtio" && event.alias == "virtio:d2v1" && event.node == "vda")
        #expect(DeviceEvent(Array("libudev\0x".utf8)[...]) == nil)
        #expect(DeviceEvent([]) == nil)
    }
}
