import MobyRun
import Synchronization
import TestSupport
import Testing

/// The classic flow with all that is real here: the program, the storage server, and machines booted of what that
/// holds.
@Suite(.serialized, .bootedAgain) struct CloudBootTests {
    private static let web = "curl -sI http://\(CloudDesk.address)/ | head -1"
    private static let hosts = "ssh root@\(CloudDesk.address) cat '/sys/class/scsi_host/*/proc_name'"
    private static let list = "ssh root@\(CloudDesk.address) runc list | awk '{ print $1, $3 }'"

    /// Built, pushed, run (by BIOS), run again as the article of 2017 has it (by UEFI): docs/platform-gcp.md shows it.
    @Test(.timeLimit(.minutes(10))) func theFlowIsAsRecorded() async throws {
        try await withTemporaryDirectory { folder in
            try await FakeStorage.with(buckets: [CloudDesk.bucket], in: folder) { storage in
                let desk = try await CloudDesk(storage, in: folder)
                desk.note("export CLOUDSDK_CORE_PROJECT=infoslack-1337 CLOUDSDK_COMPUTE_ZONE=europe-west1-d", "")
                try desk.type("moby build gcp.yml")
                try desk.type("moby push gcp -bucket moby-lab gcp.img.tar.gz")
                try await Self.run(
                    "moby run gcp -project infoslack-1337 --console output --ssh-key ~/.ssh/id_ed25519.pub gcp",
                    uefi: false, desk)
                try await Self.run("moby run gcp -project infoslack-1337 gcp.img.tar.gz", uefi: true, desk)
                #expect(desk.google.state.withLock { $0.problems } == [])
                #expect(desk.google.state.withLock { $0.images.keys.sorted() } == ["gcp"])
                let text = "```console\n\(desk.recording)```\n"
                let difference = try Golden.difference(
                    text, part: "recording", of: "platform-gcp.md", normalize: CloudConsole.normal)
                #expect(difference == nil)
            }
        }
    }

    /// Starts a machine, uses it from another terminal, and presses its power button.
    private static func run(_ line: String, uefi: Bool, _ desk: CloudDesk) async throws {
        let program = try desk.start(line)
        let machine = try await desk.machine(uefi: uefi)
        let playing = try desk.play(machine)
        try await desk.waitForLogin(machine)
        try machine.line(containing: "3 of 3 services running", within: .seconds(60))
        let web = try desk.answer(to: Self.web)
        let list = try desk.answer(to: Self.list)
        #expect(web.hasPrefix("HTTP/1.1 200 OK"))
        for name in ["nginx", "rngd", "sshd"] { #expect(list.contains("\(name) running"), "\(list)") }
        let hosts = try desk.answer(to: Self.hosts)
        machine.pressPowerButton()
        try await playing.value
        #expect(try program.waitForEnd() == 0, "\(program.text)")
        #expect(hosts.contains("virtio_scsi"), "\(hosts)")
        desk.idle()
        desk.note(line, program.text)
        desk.note("# meanwhile, in another terminal", "")
        desk.note(Self.web, web)
        desk.note(Self.list, list)
        #expect(desk.google.state.withLock { $0.instances.isEmpty })
    }
}
