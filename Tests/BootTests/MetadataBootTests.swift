import Foundation
import MobyRun
import TestSupport
import Testing

/// `pkg/metadata` in machines: what a CD and what a server say about them.
@Suite(.serialized, .bootedAgain) struct MetadataBootTests {
    /// `moby run --data`: the files come to lie under /run/config, and the machine has its name.
    @Test(.timeLimit(.minutes(6))) func userDataOfADiscBecomeFiles() async throws {
        try await withTemporaryDirectory { folder in
            let userData =
                #"{"hostname": "web1", "app": {"perm": "0700", "entries": {"key": {"content": "k42", "perm": "0600"}}}, "..": "x"}"#
            let guest = try Self.boot(in: folder) {
                $0.data = .text(userData)
                $0.state = folder + "/state"
            }
            _ = try guest.machine.line(containing: "built-in shell", within: .seconds(240))
            #expect(try guest.shell("hostname; cat /run/config/hostname", mark: 1).contains("web1\nweb1\n"))
            #expect(try guest.shell("cat /run/config/userdata", mark: 2).contains(userData))
            #expect(try guest.shell("cat /run/config/app/key", mark: 3).contains("k42"))
            #expect(
                try guest.shell("stat -c %a,%n /run/config/app /run/config/app/key", mark: 4).contains(
                    "600,/run/config/app/key"))
            #expect(try guest.shell("cat /run/config/provider", mark: 5).contains("CDROM"))
            #expect(guest.machine.console.contains("'..', expected a single file name"))
            guest.machine.terminate()
        }
    }

    /// `moby metadata create`: a NoCloud volume on an ordinary disk.
    @Test(.timeLimit(.minutes(6))) func aVolumeCalledCidataIsRead() async throws {
        try await withTemporaryDirectory { folder in
            try await Oracle("ssh-keygen")("-q", "-t", "ed25519", "-N", "", "-C", "me", "-f", folder + "/key")
            let key = try String(contentsOfFile: folder + "/key.pub", encoding: .utf8)
            let disc = folder + "/seed.iso"
            try Program.moby([
                "metadata", "create", "-hostname", "web2.example", "--ssh-key", folder + "/key.pub", disc, "plain text",
            ])
            let guest = try Self.boot(in: folder) { $0.disks = [try Disk(parsing: "file=\(disc),format=raw")] }
            _ = try guest.machine.line(containing: "built-in shell", within: .seconds(240))
            #expect(
                try guest.shell("hostname; cat /run/config/ssh/authorized_keys", mark: 1).contains(
                    "web2.example\n\(key.trimmingCharacters(in: .newlines))"))
            #expect(try guest.shell("cat /run/config/userdata", mark: 2).contains("plain text"))
            #expect(try guest.shell("cat /run/config/provider", mark: 3).contains("NoCloud"))
            guest.machine.terminate()
        }
    }

    /// The classic machine with Google's server at its address: the key of the instance logs in, and all that 2017
    /// showed runs.
    @Test(.timeLimit(.minutes(8))) func theKeyOfTheInstanceLogsIn() async throws {
        try await withTemporaryDirectory { folder in
            try await Oracle("ssh-keygen")("-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder + "/key")
            let key = try String(contentsOfFile: folder + "/key.pub", encoding: .utf8)
            let server = try Self.google([
                "instance/hostname": "web3.c.project.internal", "instance/attributes/ssh-keys": "moby:\(key)",
                "instance/attributes/user-data": #"{"app": {"entries": {"key": {"content": "k43"}}}}"#,
            ])
            let (web, ssh) = (try GuestMachine.freePort(), try GuestMachine.freePort())
            try Program.moby(["build", "--dir", folder, "--format", "kernel+initrd", "examples/gcp.yml"])
            let network = try MetadataNetwork.arguments(host: server.host, ports: [(web, 80), (ssh, 22)], in: folder)
            let machine = try GuestMachine.bootToInit {
                try GuestMachine.boot(folder + "/gcp", cpus: 2, memory: 512) {
                    $0.accelerator = .fixed(.tcg)
                    $0.networking = .none
                    $0.extraArguments = network
                }
            }
            #expect(try machine.answer(from: "http://127.0.0.1:\(web)/", within: .seconds(240)).answer.status == 200)
            let command = "hostname; cat /run/config/app/key /run/config/provider; runc list"
            let answer = try await Self.login(port: ssh, key: folder + "/key", command, console: machine)
            #expect(answer.hasPrefix("web3.c.project.internal\nk43GCP\n"), "\(answer)")
            for name in ["nginx", "rngd", "sshd"] {
                #expect(
                    answer.split(separator: "\n").contains { $0.hasPrefix(name) && $0.contains("running") }, "\(answer)"
                )
            }
            // The firmware names no cloud: others are looked for at the same address.
            let requests = server.requests.filter { $0.target.hasPrefix("/computeMetadata/") }
            #expect(!requests.isEmpty && requests.allSatisfy { $0.headers["metadata-flavor"] == "Google" })
            machine.terminate()
        }
    }

    /// On a machine of Amazon, whose firmware names it, the server is asked with a token. A user of its user data logs
    /// in, and sees what they wrote and ran.
    @Test(.timeLimit(.minutes(8))) func userDataOfAmazonAreCarriedOut() async throws {
        try await withTemporaryDirectory { folder in
            try await Oracle("ssh-keygen")("-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", folder + "/key")
            let key = try String(contentsOfFile: folder + "/key.pub", encoding: .utf8)
            let server = try Self.amazon(
                """
                #cloud-config
                hostname: web4
                users: [{name: ada, groups: [ops], ssh_authorized_keys: ["\(key.trimmingCharacters(in: .newlines))"]}]
                write_files:
                - {path: /home/ada/note, owner: "ada:ops", permissions: "0600", content: "of ada"}
                runcmd: ["id ada >/run/done", [sh, -c, "echo $0 >>/run/done", "it's done"]]
                packages: [vim]
                """)
            let ssh = try GuestMachine.freePort()
            try Program.moby(["build", "--dir", folder, "examples/cloud-init.yml"])
            let network = try MetadataNetwork.arguments(host: server.host, ports: [(ssh, 22)], in: folder)
            let machine = try GuestMachine.bootToInit {
                try GuestMachine.boot(folder + "/cloud-init", cpus: 2, memory: 512) {
                    $0.accelerator = .fixed(.tcg)
                    $0.networking = .none
                    $0.extraArguments = network + ["-smbios", "type=1,manufacturer=Amazon EC2"]
                }
            }
            let command = "hostname; id; cat note /run/done /run/config/provider /run/config/public_ipv4"
            let answer = try await Self.login(
                user: "ada", port: ssh, key: folder + "/key", command, console: machine)
            #expect(
                answer.split(separator: "\n") == [
                    "web4", "uid=1000(ada) gid=1000(ada) groups=1000(ada),1001(ops)",
                    "of adauid=1000(ada) gid=1000(ada) groups=1000(ada),1001(ops)", "it's done", "AWS", "203.0.113.9",
                ])
            #expect(machine.console.contains("cloud-config: line 7: key 'packages' is not supported, skipped"))
            // No other server was asked.
            #expect(server.requests.allSatisfy { $0.target.hasPrefix("/latest/") })
            machine.terminate()
        }
    }

    private static func amazon(_ userData: String) throws -> ScriptedServer {
        let values = [
            "/latest/meta-data/instance-id": "i-0abc", "/latest/meta-data/public-ipv4": "203.0.113.9",
            "/latest/user-data": userData,
        ]
        return try ScriptedServer { request in
            if request.method == "PUT" { return .init(text: "token") }
            guard request.headers["x-aws-ec2-metadata-token"] == "token" else { return .init(401, text: "") }
            return values[request.target].map { .init(text: $0) } ?? .init(404, text: "")
        }
    }

    /// QEMU's ways without a disk and a network: each gives a part.
    @Test(.timeLimit(.minutes(6))) func theFirmwareHasMetadata() async throws {
        try await withTemporaryDirectory { folder in
            try "plain text".write(toFile: folder + "/data", atomically: true, encoding: .utf8)
            let guest = try Self.boot(in: folder) {
                $0.extraArguments = [
                    "-fw_cfg", "name=opt/org.mobyproject/userdata,file=\(folder)/data", "-fw_cfg",
                    "name=opt/io.systemd.credentials/token,string=t42", "-smbios", "type=1,serial=ds=nocloud;h=web5",
                    "-smbios", "type=11,value=io.systemd.credential:ssh.authorized_keys.root=ssh-ed25519 AAAA me",
                ]
            }
            _ = try guest.machine.line(containing: "built-in shell", within: .seconds(240))
            #expect(try guest.shell("hostname; cat /run/config/userdata", mark: 1).contains("web5\nplain text"))
            #expect(try guest.shell("cat /run/config/provider", mark: 2).contains("fw_cfg"))
            #expect(try guest.shell("cat /run/config/credentials/token", mark: 3).contains("t42"))
            #expect(try guest.shell("cat /run/config/ssh/authorized_keys", mark: 4).contains("ssh-ed25519 AAAA me"))
            guest.machine.terminate()
        }
    }

    private static func google(_ values: [String: String]) throws -> ScriptedServer {
        try ScriptedServer { request in
            let path = request.target.replacing("/computeMetadata/v1/", with: "", maxReplacements: 1)
            guard request.headers["metadata-flavor"] == "Google" else {
                return .init(403, text: "Missing Metadata-Flavor:Google header.")
            }
            guard let value = values[path] else { return .init(404, headers: ["Metadata-Flavor": "Google"], text: "") }
            return .init(headers: ["Metadata-Flavor": "Google"], text: value)
        }
    }

    /// The server makes its host key before it listens; until then connections are reset.
    private static func login(
        user: String = "root", port: UInt16, key: String, _ command: String, console machine: MachineHandle
    ) async throws -> String {
        let arguments = [
            "-i", key, "-p", "\(port)", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
            "BatchMode=yes",
            "-o", "ConnectTimeout=60", "\(user)@127.0.0.1", command,
        ]
        let end = ContinuousClock.now + .seconds(120)
        while true {
            let answer = try await Oracle("ssh").run(arguments)
            if answer.succeeded { return answer.text }
            guard ContinuousClock.now < end else {
                throw RunError("\(answer.complaint)\(machine.console.suffix(2000))")
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private static func boot(in folder: String, adjust: (inout Machine) throws -> Void) throws -> BootedMachine {
        try Self.spec.write(toFile: folder + "/m.yml", atomically: true, encoding: .utf8)
        try Program.moby(["build", "--dir", folder, folder + "/m.yml"])
        return BootedMachine(
            machine: try GuestMachine.bootToInit {
                try GuestMachine.boot(folder + "/m", cpus: 2, memory: 512) {
                    $0.accelerator = .fixed(.tcg)
                    try adjust(&$0)
                }
            })
    }

    private static let spec = """
        kernel:
          image: "@pkg:\(Program.root)/kernel"
          cmdline: console=ttyS0
        init: ["@pkg:\(Program.root)/pkg/init", "@pkg:\(Program.root)/pkg/runc"]
        onboot:
          - name: dhcpcd
            image: "@pkg:\(Program.root)/pkg/dhcpcd"
            command: ["/sbin/dhcpcd", "--nobackground", "-f", "/dhcpcd.conf", "-1"]
          - {name: metadata, image: "@pkg:\(Program.root)/pkg/metadata"}
        services:
          - {name: getty, image: "@pkg:\(Program.root)/pkg/getty", env: [INSECURE=true]}
        """
}
