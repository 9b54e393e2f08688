import Extents
import Foundation
import TestSupport
import Testing

@testable import MobyRun

/// What stops a run before QEMU is started, and in which words.
struct PreflightTests {
    private let folder: TemporaryFolder
    private let image: String

    init() throws {
        folder = try TemporaryFolder()
        image = try folder.write("guest.img", GuestProgram.disk)
    }

    private func error(_ argument: String? = nil, _ adjust: (inout Machine) throws -> Void) throws -> RunError {
        var machine = GuestProgram.machine()
        machine.networking = .user
        try adjust(&machine)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let qemu = QEMU(machine, booting: argument ?? image, environment: ["PATH": path]) { _ in }
        return try #require(#expect(throws: RunError.self) { try qemu.plan() })
    }

    @Test func portInUse() throws {
        let server = try ScriptedServer { _ in ScriptedServer.Response() }
        let port = try #require(server.host.split(separator: ":").last.flatMap { UInt16($0) })
        let error = try error { $0.ports = [try PublishedPort(parsing: "\(port):80")] }
        #expect(error.description == "port \(port)/tcp on 127.0.0.1 is already in use")
        #expect(error.hint?.contains("another port: --publish ") == true)
    }

    @Test func portTwice() throws {
        let error = try error {
            $0.ports = [try PublishedPort(parsing: "18080:80"), try PublishedPort(parsing: "18080:81")]
        }
        #expect(error.description == "--publish: port 18080/tcp of the host is published twice")
    }

    @Test func portWithoutUserNetwork() throws {
        let error = try error {
            $0.networking = .none
            $0.ports = [try PublishedPort(parsing: "8080:80")]
        }
        #expect(error.description == "--publish works only with --networking user")
    }

    @Test func missingInterface() throws {
        #expect(
            try error { $0.networking = .tap(interface: "nosuchtap") }.description.contains(
                "no network interface 'nosuchtap'"))
    }

    @Test func missingQEMU() throws {
        let error = try error { $0.qemu = "qemu-system-nonsense" }
        #expect(error.description == "could not find 'qemu-system-nonsense', which is needed to run this image")
        #expect(error.hint == "install QEMU (Debian: apt-get install qemu-system-x86), or pass --qemu PATH")
    }

    @Test func missingInitrd() throws {
        try folder.write("web-kernel", [UInt8](repeating: 0, count: 1024))
        #expect(
            try error(folder.file("web")) { _ in }.description
                == "cannot read the image '\(folder.file("web"))-initrd.img': no such file or directory")
    }

    @Test func kernelThatIsNone() throws {
        try folder.write("web-kernel", [UInt8](repeating: 0x20, count: 1024))
        try folder.write("web-initrd.img", "x")
        #expect(
            try error(folder.file("web")) { _ in }.description
                == "'\(folder.file("web"))-kernel' is not a kernel for x86_64")
    }

    @Test func disks() throws {
        let missing = folder.file("none.img")
        #expect(
            try error { $0.disks = [Disk(path: missing)] }.hint
                == "to create it, add its size: --disk \(missing),size=4G")
        #expect(
            try error { $0.disks = [Disk(path: missing, size: 1, format: .vmdk)] }.description
                == "--disk: a new disk can be raw or qcow2, not vmdk")
    }

    @Test func numbers() throws {
        #expect(try error { $0.cpus = 0 }.description == "--cpus: 0 is not a number of processors")
        #expect(try error { $0.memory = -1 }.description == "--mem: -1 MiB is not a size")
    }

    @Test func windowWithoutDisplay() throws {
        #expect(try error { $0.gui = true }.description.hasPrefix("--gui needs a display"))
        #expect(
            try error { (machine: inout Machine) in
                machine.gui = true
                machine.detached = true
            }.description == "--detached and --gui cannot be combined")
    }

    @Test func sharedFolderAndData() throws {
        #expect(
            try error { $0.sharedFolders = ["/nonexistent"] }.description
                == "--virtiofs: '/nonexistent' is not a folder")
        #expect(
            try error { $0.data = .file("/nonexistent") }.description
                == "cannot read the data file '/nonexistent': no such file or directory")
    }

    @Test func firmwareThatIsMissing() throws {
        let disk = try folder.write("web-efi.img", GuestProgram.disk)
        #expect(
            try error(disk) { $0.firmware = "/nonexistent.fd" }.description
                == "cannot read the firmware '/nonexistent.fd': no such file or directory")
    }

    @Test func awaitedThatCannotCome() throws {
        func error(_ things: String..., adjust: (inout QEMU) -> Void = { _ in }) throws -> RunError {
            var machine = GuestProgram.machine()
            machine.networking = .user
            var qemu = QEMU(machine, booting: image, environment: ["PATH": "/usr/bin:/bin"]) { _ in }
            qemu.readiness = ReadinessWait(try things.map(ReadinessCheck.init(parsing:)))
            adjust(&qemu)
            return try #require(#expect(throws: RunError.self) { try qemu.checkOptions() })
        }
        #expect(try error("http://127.0.0.1:8080/").description == "--await: port 8080 of the host is not published")
        #expect(try error("tcp:6379").description == "--await: port 6379 of the host is not published")
        #expect(
            try error("up") {
                $0.machine.detached = true
                $0.readiness?.thenPowerOff = true
            }.description == "--detached and --await-then-poweroff cannot be combined")
        #expect(
            try error("up") {
                $0.machine.detached = true
                ($0.readiness, $0.limit) = (nil, .seconds(5))
            }.description == "--detached cannot be combined with --timeout, unless there is an --await to limit")
    }

    @Test func pathsWithColonsAreNoProtocols() throws {
        var machine = GuestProgram.machine()
        machine.disks = [Disk(path: "nbd:host", size: 1)]
        let qemu = QEMU(machine, booting: image, environment: ProcessInfo.processInfo.environment) { _ in }
        #expect(try qemu.plan().arguments.contains("if=none,id=disk0,format=qcow2,file=./nbd:host"))
    }

    /// A new address instead of an unreadable one would be kept, and the guest would get another lease.
    @Test func unreadableAddressIsAnError() throws {
        let valid = try folder.write("mac-addr", "02:00:00:00:00:01\n")
        #expect(try MACAddress.kept(in: folder.path) == "02:00:00:00:00:01")
        try FileManager.default.removeItem(atPath: valid)
        try FileManager.default.createDirectory(atPath: valid, withIntermediateDirectories: false)
        #expect(throws: UnfitFile.self) { try MACAddress.kept(in: folder.path) }
    }
}
