import Foundation
import TestSupport
import Testing

@testable import MobyRun

/// Real boots of a tiny guest under emulation.
struct MachineHandleTests {
    private let folder: TemporaryFolder
    private let image: String
    private let environment = ProcessInfo.processInfo.environment

    init() throws {
        folder = try TemporaryFolder()
        image = try folder.write("guest.img", GuestProgram.disk)
    }

    private func start(_ adjust: (inout Machine) -> Void = { _ in }) throws -> MachineHandle {
        var machine = GuestProgram.machine()
        adjust(&machine)
        return try MachineHandle(starting: QEMU(machine, booting: image, environment: environment) { _ in })
    }

    @Test func talksToTheGuestAndReturnsItsStatus() throws {
        let machine = try start()
        try machine.line(containing: "GUEST READY", within: .seconds(120))
        try machine.type("echo\n")
        try machine.line(containing: "echo", within: .seconds(120))
        try machine.type("q")
        #expect(try machine.waitForEnd(within: .seconds(120)) == GuestProgram.status)
    }

    @Test func aLineThatDoesNotComeIsAnErrorWithTheConsole() throws {
        let machine = try start()
        try machine.line(containing: "GUEST READY", within: .seconds(120))
        let error = #expect(throws: RunError.self) { try machine.line(containing: "never", within: .milliseconds(50)) }
        #expect(error?.description.contains("GUEST READY") == true)
        #expect(throws: RunError.self) { try machine.waitForEnd(within: .milliseconds(50)) }
        machine.terminate()
        #expect(throws: RunError.self) { try machine.line(containing: "never", within: .seconds(120)) }
    }

    @Test func endsWithItsHandle() throws {
        var machine: MachineHandle? = try start()
        let id = try #require(machine?.processID)
        #expect(kill(id, 0) == 0)
        machine = nil
        #expect(kill(id, 0) != 0)
    }

    /// The disks made here are disks to QEMU too.
    @Test(arguments: [(DiskFormat.qcow2, 1), (.qcow2, 10_240), (.qcow2, 5_000_000), (.raw, 3)])
    func newDisksOpen(format: DiskFormat, mebibytes: Int) throws {
        let disk = folder.file("new")
        try EmptyDisk.create(disk, format, mebibytes: mebibytes)
        let qemu = "qemu-system-x86_64 -S -nodefaults -display none -machine none -monitor stdio"
        let drive = "-drive if=none,id=d,format=\(format.rawValue),file=\(disk)"
        let info = try Oracle("sh").end(["-c", "printf 'info block -v\\nquit\\n' | \(qemu) \(drive)"])
        #expect(String(decoding: info.output, as: UTF8.self).contains("(\(mebibytes << 20) bytes)"))
    }

    @Test func disksAreMadeOnceAndKept() throws {
        let disk = try Disk(parsing: "\(folder.file("data.qcow2")),size=1G")
        let first = try start { $0.disks = [disk] }
        try first.line(containing: "GUEST READY", within: .seconds(120))
        first.terminate()
        let bytes = try folder.read("data.qcow2")
        try folder.write("data.qcow2", bytes + [1, 2, 3])
        let second = try start { $0.disks = [disk] }
        second.terminate()
        #expect(try folder.read("data.qcow2") == bytes + [1, 2, 3])
    }

    @Test func dataISOIsWrittenIntoTheStateFolder() throws {
        let machine = try start { $0.data = .text("hello") }
        try machine.line(containing: "GUEST READY", within: .seconds(120))
        machine.terminate()
        let disc = "\(image)-state/data.iso"
        #expect(try Oracle("bsdtar").end(["-xOf", disc, "config"]).output == Array("hello".utf8))
    }
}
