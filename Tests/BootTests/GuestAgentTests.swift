import Foundation
import MobyRun
import TestSupport
import Testing

/// The agents of hypervisors.
@Suite(.bootedAgain, .enabled(if: ImageBootTests.bootsAll)) struct GuestAgentTests {
    /// A host of QEMU's guest agent: it asks for the system and the addresses, and ends the machine.
    private static let host = """
        import json, socket, sys
        agent = socket.socket(socket.AF_UNIX)
        agent.settimeout(90)
        agent.connect(sys.argv[1])
        lines = agent.makefile()
        for command in ["guest-get-osinfo", "guest-network-get-interfaces"]:
            agent.sendall(json.dumps({"execute": command}).encode() + b"\\n")
            print(lines.readline())
        agent.sendall(json.dumps({"execute": "guest-shutdown"}).encode() + b"\\n")
        """

    @Test(.timeLimit(.minutes(6))) func hostAsksTheAgentAndEndsTheMachine() async throws {
        try await withTemporaryDirectory { folder in
            try Program.moby(["build", "--dir", folder, "examples/linuxkit/guest-agents.yml"])
            let machine = try GuestMachine.bootToInit {
                try GuestMachine.boot("\(folder)/guest-agents", memory: 512) {
                    $0.accelerator = .fixed(.tcg)
                    $0.extraArguments = [
                        "-chardev", "socket,id=ga,path=\(folder)/ga,server=on,wait=off",
                        "-device", "virtio-serial-pci",
                        "-device", "virtserialport,chardev=ga,name=org.qemu.guest_agent.0",
                    ]
                }
            }
            _ = try machine.line(containing: "service qemu-ga started", within: .seconds(120))
            let answers = try Oracle("python3").output(["-c", Self.host, "\(folder)/ga"])
            #expect(answers.contains(#""kernel-release":"#))
            #expect(answers.contains(#""ip-address": "10.0.2.15""#))
            _ = try machine.line(containing: "powering off", within: .seconds(60))
        }
    }
}
