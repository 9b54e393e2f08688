import Foundation
import Testing

@testable import MobyRun

/// What a build left beside its files decides the machine, where the user does not.
struct BuildSummaryTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
        var kernel = [UInt8](repeating: 0, count: 1024)
        kernel.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
        try folder.write("web-kernel", kernel)
        try folder.write("web-initrd.img", "x")
    }

    private func summarize(platform: String, memory: Int) throws {
        try folder.write(
            "web-build.json",
            #"{"platform":"\#(platform)","minMemoryMiB":\#(memory),"unpacked":1,"files":[],"segments":[]}"#)
    }

    private func plan(memory: Int? = nil) throws -> (arguments: [String], said: [String]) {
        var machine = Machine()
        machine.accelerator = .fixed(.tcg)
        machine.memory = memory
        machine.qemu = "/bin/true"
        let lines = AcceleratorProbeTests.Lines()
        let qemu = QEMU(machine, booting: folder.file("web"), environment: [:]) { lines.add($0) }
        return (try qemu.plan().arguments, lines.all)
    }

    private func value(_ option: String, _ arguments: [String]) throws -> String {
        arguments[try #require(arguments.firstIndex(of: option)) + 1]
    }

    @Test(arguments: [(100, "1024M"), (1500, "1500M")])
    func givesTheMemory(least: Int, memory: String) throws {
        try summarize(platform: "linux/amd64", memory: least)
        let plan = try plan()
        #expect(try value("-m", plan.arguments) == memory)
        #expect(plan.said.isEmpty)
    }

    @Test func warnsOfTooLittle() throws {
        try summarize(platform: "linux/amd64", memory: 300)
        let plan = try plan(memory: 256)
        #expect(try value("-m", plan.arguments) == "256M")
        #expect(plan.said == ["warning: --mem 256M is less than the 300 MiB this image needs to boot"])
    }

    @Test func givesTheArchitecture() throws {
        try summarize(platform: "linux/arm64", memory: 300)
        #expect(try value("-machine", plan().arguments).hasPrefix("virt,"))
    }

    @Test func isNotNeeded() throws {
        #expect(try value("-m", plan().arguments) == "1024M")
        try folder.write("web-build.json", "not a summary")
        #expect(try value("-m", plan().arguments) == "1024M")
    }
}
