import MachineModel
import Synchronization
import TestSupport
import Testing

@testable import MobyRun

/// The choice of an accelerator, with scripts in QEMU's place.
struct AcceleratorProbeTests {
    private let folder: TemporaryFolder
    private let said = Lines()

    init() throws { folder = try TemporaryFolder() }

    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private func probe(
        script: String, device: String? = nil, limit: Duration = .seconds(60), temporary: String? = nil
    ) throws -> AcceleratorProbe {
        let qemu = try folder.write("qemu", "#!/bin/sh\necho run >> \(folder.file("runs"))\n\(script)\n", mode: 0o755)
        let device = try device ?? folder.write("kvm", "")
        let said = said
        return AcceleratorProbe(
            qemu: qemu, environment: ["MOBY_CACHE": folder.file("cache"), "TMPDIR": temporary ?? folder.path],
            device: device, limit: limit
        ) { said.add($0) }
    }

    private var runs: Int { (try? folder.read("runs").count / 4) ?? 0 }

    @Test func takesKVMThatRunsAGuest() throws {
        let probe = try probe(script: "exit 33")
        #expect(try probe.choose(.automatic, for: .host) == .kvm)
        #expect(said.all == ["accelerator: kvm (a test guest ran)"])
    }

    @Test func fallsBackWhenTheGuestHangs() throws {
        let probe = try probe(script: "exec sleep 600", limit: .milliseconds(300))
        #expect(try probe.choose(.automatic, for: .host) == .tcg)
        #expect(said.all == ["accelerator: tcg (under kvm a test guest hung for 0 s)"])
    }

    @Test func fallsBackWhenQEMURefuses() throws {
        let probe = try probe(script: "exit 1")
        #expect(try probe.choose(.automatic, for: .host) == .tcg)
        #expect(said.all == ["accelerator: tcg (under kvm QEMU ended with status 1)"])
    }

    @Test(arguments: [("exit 33", Accelerator.kvm), ("exit 1", .tcg)])
    func asksOnce(script: String, answer: Accelerator) throws {
        let probe = try probe(script: script)
        for _ in 0..<3 { #expect(try probe.choose(.automatic, for: .host) == answer) }
        #expect(runs == 1)
    }

    /// A full disk says nothing about KVM: it is not remembered.
    @Test func triesAgainAfterItCouldNotTry() throws {
        let broken = try probe(script: "exit 33", temporary: folder.file("none"))
        #expect(try broken.choose(.automatic, for: .host) == .tcg)
        #expect(said.all.last?.hasPrefix("accelerator: tcg (kvm was not tried: ") == true)
        #expect(try probe(script: "exit 33").choose(.automatic, for: .host) == .kvm)
        #expect(runs == 1)
    }

    @Test func asksAgainForAnotherQEMU() throws {
        #expect(try probe(script: "exit 1").choose(.automatic, for: .host) == .tcg)
        #expect(try probe(script: "exit 33 # longer").choose(.automatic, for: .host) == .kvm)
        #expect(runs == 2)
    }

    @Test func doesNotAskWithoutADevice() throws {
        let probe = try probe(script: "exit 33", device: folder.file("none"))
        #expect(try probe.choose(.automatic, for: .host) == .tcg)
        #expect(runs == 0)
        #expect(said.all == ["accelerator: tcg (\(folder.file("none")) does not exist)"])
    }

    @Test func doesNotAskForAnotherArchitecture() throws {
        let probe = try probe(script: "exit 33")
        #expect(try probe.choose(.automatic, for: .s390x) == .tcg)
        #expect(runs == 0)
        #expect(throws: RunError.self) { try probe.choose(.fixed(.kvm), for: .s390x) }
    }

    @Test func takesTheUsersWord() throws {
        let probe = try probe(script: "exit 1")
        #expect(try probe.choose(.fixed(.tcg), for: .host) == .tcg)
        #expect(try probe.choose(.fixed(.kvm), for: .host) == .kvm)
        #expect(runs == 0 && said.all.isEmpty)
        #expect(throws: RunError.self) { try probe.choose(.fixed(.hvf), for: .host) }
    }

    @Test func leavesNoTemporaryFile() throws {
        let qemu = try folder.write("qemu", "#!/bin/sh\nexit 33\n", mode: 0o755)
        let environment = ["TMPDIR": folder.path]
        let probe = AcceleratorProbe(qemu: qemu, environment: environment, device: try folder.write("kvm", "")) { _ in }
        #expect(probe.probe() == .works)
        #expect(try folder.names == ["kvm", "qemu"])
    }

    /// The test guest itself, under emulation, where it must run.
    @Test func payloadEndsARealQEMU() throws {
        let image = try folder.write("probe.img", ProbePayload.bootSector)
        #expect(ProbePayload.bootSector.count == 512)
        let result = try Oracle("qemu-system-x86_64").end(ProbePayload.arguments(accelerator: .tcg, image: image))
        #expect(result.status == ProbePayload.success)
    }
}
