import Foundation
import MobyRun
import Synchronization
import TestSupport

/// Where a user of the classic flow sits: a folder with `gcp.yml`, a shell whose `moby` is the real program, whose
/// `curl` and `ssh` reach the machine at its address in the world, and, of Google's side, a real storage server and
/// scripted others. Machines are QEMU's, of what the storage server holds.
final class CloudDesk: Sendable {
    static let address = "203.0.113.7"
    static let bucket = "moby-lab"
    let google: ScriptedGoogle
    let storage: FakeStorage
    private let folder: String
    private let ports: (web: UInt16, ssh: UInt16)
    private let typed = Mutex("")

    init(_ storage: FakeStorage, in folder: String) async throws {
        google = try ScriptedGoogle()
        self.storage = storage
        self.folder = folder
        ports = (try GuestMachine.freePort(), try GuestMachine.freePort())
        try await Oracle("mkdir")("-p", "\(folder)/home/.ssh", "\(folder)/bin", "\(folder)/project")
        try await Oracle("ssh-keygen")(
            "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", "\(folder)/home/.ssh/id_ed25519")
        let key = try TestFile.text("\(folder)/home/.ssh/id_ed25519.pub")
        google.state.withLock {
            $0.folder = storage.folder
            $0.buckets = [Self.bucket]
            $0.projectKeys = "ada:\(key)"
        }
        idle()
        try TestFile.write(TestFile.text("\(Program.root)/examples/gcp.yml"), to: "\(folder)/project/gcp.yml")
        try writePrograms()
        try Data(count: 1 << 20).write(to: URL(filePath: "\(folder)/empty.iso"))
    }

    /// What was typed and said so far.
    var recording: String { typed.withLock { $0 } }

    private func writePrograms() throws {
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder)/bin/moby", withDestinationPath: try Program.path())
        let curl = "exec /usr/bin/curl --connect-to \(Self.address):80:127.0.0.1:\(ports.web) \"$@\""
        // A file that receives QEMU's console simulates the gateway of serial ports.
        let ssh = """
            case "$*" in *serialport*)
                until [ -s '\(folder)/machine' ]; do sleep 0.1; done
                exec tail -s 0.2 -n +1 -f --pid "$(cat '\(folder)/machine')" '\(folder)/console' ;;
            esac
            exec /usr/bin/ssh -o HostName=127.0.0.1 -p \(ports.ssh) -i '\(folder)/home/.ssh/id_ed25519' -o BatchMode=yes -o LogLevel=ERROR \
                -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=60 "$@"
            """
        for (name, text) in [("curl", curl), ("ssh", ssh)] {
            try TestFile.write("#!/bin/sh\n\(text)\n", to: "\(folder)/bin/\(name)", mode: 0o755)
        }
    }

    private var environment: [String: String] {
        google.environment(storage: storage.url).merging([
            "PATH": "\(folder)/bin:\(Program.environment["PATH"] ?? "/usr/bin:/bin")", "HOME": "\(folder)/home",
            "MOBY_CACHE": Program.cache,
            "CLOUDSDK_CORE_PROJECT": "infoslack-1337", "CLOUDSDK_COMPUTE_ZONE": "europe-west1-d",
        ]) { _, new in new }
    }

    /// Writes down a line that a user types, and what came of it.
    func note(_ line: String, _ answer: String) { typed.withLock { $0 += "$ \(line)\n\(CloudConsole.shown(answer))" } }

    /// Types a command and notes what comes of it.
    func type(_ line: String) throws { note(line, try answer(to: line)) }

    /// Types a command and waits for its end, which must be a good one.
    func answer(to line: String) throws -> String {
        let program = try start(line)
        let status = try program.waitForEnd(within: .seconds(240))
        guard status == 0 else { throw RunError("'\(line)' ended with \(status):\n\(program.text)") }
        return program.text
    }

    /// Types a command and leaves it running.
    func start(_ line: String) throws -> RunningProgram {
        try RunningProgram("bash", ["-c", line], folder: "\(folder)/project", environment: environment)
    }

    /// Waits until a request has made a machine, and starts it: a disk of what the storage server holds, on
    /// virtio-scsi.
    func machine(uefi: Bool) async throws -> MachineHandle {
        let end = ContinuousClock.now + .seconds(120)
        while google.state.withLock({ $0.instances.isEmpty }) {
            guard ContinuousClock.now < end else { throw RunError("no machine was made") }
            try await Task.sleep(for: .milliseconds(20))
        }
        let disk = try await self.disk()
        let network = try MetadataNetwork.arguments(
            host: google.host, ports: [(ports.web, 80), (ports.ssh, 22)], in: folder)
        return try GuestMachine.bootToInit {
            try GuestMachine.boot("\(folder)/empty.iso", cpus: 2, memory: 512, uefi: uefi) {
                $0.accelerator = .fixed(.tcg)
                $0.networking = .none
                $0.extraArguments =
                    network + [
                        "-drive", "if=none,id=real,format=raw,snapshot=on,file=\(disk)", "-device",
                        "virtio-scsi-pci,id=scsi",
                        "-device", "scsi-hd,bus=scsi.0,drive=real,bootindex=1",
                        // As the firmware of Compute Engine tells: no other cloud is asked.
                        "-smbios", "type=1,manufacturer=Google,product=Google Compute Engine",
                    ]
            }
        }
    }

    /// Fetches the object that the image was made of and unpacks it, as Compute Engine does.
    private func disk() async throws -> String {
        let source =
            google.state.withLock { ($0.images["gcp"]?["rawDisk"] as? [String: Any])?["source"] as? String } ?? ""
        let names = source.split(separator: "/").suffix(2)
        guard names.count == 2 else { throw RunError("the image is made of '\(source)'") }
        let object = "\(storage.url)/storage/v1/b/\(names[names.startIndex])/o/\(names[names.startIndex + 1])?alt=media"
        try await Oracle("curl")("-sf", "-o", "\(folder)/received.tar.gz", object)
        try await Oracle("tar")("-C", folder, "-Sxzf", "\(folder)/received.tar.gz", "disk.raw")
        return "\(folder)/disk.raw"
    }

    /// No machine plays: the next one says nothing yet.
    func idle() {
        google.state.withLock {
            $0.player = ScriptedGoogle.Player {
                ""
            } isOff: {
                false
            }
        }
        // Not there the first time.
        unlink("\(folder)/machine")
    }

    /// Lets the scripted Compute Engine and the gateway say what the machine says, until the machine is off.
    func play(_ machine: MachineHandle) throws -> Task<Void, any Error> {
        google.state.withLock {
            $0.player = ScriptedGoogle.Player {
                machine.console
            } isOff: {
                machine.hasEnded
            }
        }
        let console = "\(folder)/console"
        try TestFile.write("", to: console)
        try TestFile.write("\(machine.processID)\n", to: "\(folder)/machine")
        return Task {
            let handle = try FileHandle(forWritingTo: URL(filePath: console))
            var written = 0
            while true {
                let isOver = machine.hasEnded
                let text = Array(machine.console.utf8)
                try handle.write(contentsOf: Data(text[written...]))
                written = text.count
                if isOver { return try handle.close() }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// The server makes its host key before it listens; until then connections are reset.
    func waitForLogin(_ machine: MachineHandle) async throws {
        let end = ContinuousClock.now + .seconds(180)
        while try start("ssh root@\(Self.address) true").waitForEnd(within: .seconds(120)) != 0 {
            guard ContinuousClock.now < end else {
                throw RunError("no login; the console said:\n\(machine.console.suffix(3000))")
            }
            try await Task.sleep(for: .seconds(1))
        }
    }
}

extension MachineHandle {
    fileprivate var hasEnded: Bool { exitStatus != nil }
}
