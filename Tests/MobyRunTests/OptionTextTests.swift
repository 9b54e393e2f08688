import Testing

@testable import MobyRun

/// The small languages of the command line: what is taken, what is refused, and in which words.
struct OptionTextTests {
    @Test(arguments: [
        ("8080:80", "127.0.0.1:8080:80/tcp"), ("53:53/udp", "127.0.0.1:53:53/udp"),
        ("0.0.0.0:1:65535/tcp", "0.0.0.0:1:65535/tcp"),
    ])
    func publishedPort(text: String, meaning: String) throws {
        #expect(try PublishedPort(parsing: text).description == meaning)
    }

    @Test(arguments: [
        "", "80", "8080:", ":80", "0:80", "80:65536", "80:80/sctp", "80:80/", "a:b", "1.2.3:80:80", "1:2:3:4",
        "80:80/tcp/x", "-1:80",
    ])
    func refusesPort(text: String) { #expect(throws: RunError.self) { try PublishedPort(parsing: text) } }

    @Test(arguments: [
        ("disk.qcow2", Disk(path: "disk.qcow2")),
        ("file=a=b", Disk(path: "a=b")),
        ("size=2", Disk(size: 2048)),
        ("d,size=512M,format=raw", Disk(path: "d", size: 512, format: .raw)),
        ("format=vhd,file=d,size=1G", Disk(path: "d", size: 1024, format: .vpc)),
    ])
    func disk(text: String, meaning: Disk) throws { #expect(try Disk(parsing: text) == meaning) }

    @Test(arguments: [
        "", ",", "format=raw", "d,bus=ide", "d,size=0", "d,size=x", "d,size=-1", "d,format=zip",
        "d,size=99999999999999999999",
    ])
    func refusesDisk(text: String) { #expect(throws: RunError.self) { try Disk(parsing: text) } }

    @Test func unknownDiskKeyIsNamed() {
        #expect(
            throws: RunError("--disk: unknown key 'bus' in 'd,bus=ide'", hint: "the keys are file, size and format")
        ) {
            try Disk(parsing: "d,bus=ide")
        }
    }

    @Test(arguments: [
        ("user", Networking.user), ("default", .user), ("none", .none), ("tap,tap0", .tap(interface: "tap0")),
        ("bridge,br0", .bridge("br0")),
    ])
    func networking(text: String, meaning: Networking) throws { #expect(try Networking(parsing: text) == meaning) }

    @Test(arguments: [
        "tap", "tap,", "tap,a,script=x", "bridge,waytoolongforaninterface", "vmnet", "user,x", "tap,../x",
    ])
    func refusesNetworking(text: String) { #expect(throws: RunError.self) { try Networking(parsing: text) } }

    @Test(arguments: [
        ("", Accelerator.Choice.automatic), ("auto", .automatic), ("kvm:tcg", .automatic), ("tcg", .fixed(.tcg)),
        ("kvm", .fixed(.kvm)),
        ("tcg:kvm", .fixed(.tcg)),
    ])
    func accelerator(text: String, meaning: Accelerator.Choice) throws {
        #expect(try Accelerator.Choice(parsing: text) == meaning)
    }

    @Test(arguments: ["fast", "kvm,tcg", "kvm:", "kvm:kvm", "KVM"])
    func refusesAccelerator(text: String) { #expect(throws: RunError.self) { try Accelerator.Choice(parsing: text) } }

    @Test(arguments: [("1024", 1024), ("2G", 2048), ("512m", 512), ("1GiB", 1024), ("2048K", 2), ("1T", 1 << 20)])
    func memory(text: String, mebibytes: Int) throws {
        #expect(try MemorySize.mebibytes(text, unit: .mebibytes, option: "--mem") == mebibytes)
    }

    @Test(arguments: ["", "0", "-5", "1.5G", "12X", "1K", "G", "٣"])
    func refusesMemory(text: String) {
        #expect(throws: RunError.self) { try MemorySize.mebibytes(text, unit: .mebibytes, option: "--mem") }
    }

}
