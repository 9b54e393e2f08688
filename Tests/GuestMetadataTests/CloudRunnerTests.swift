import Foundation
import TestSupport
import Testing

@testable import GuestMetadata

/// Users, files and commands in a folder instead of a machine's root.
struct CloudRunnerTests {
    private static func run(_ text: String, in folder: String, status: Int32 = 0) throws -> (CloudRunner, [String]) {
        try FileManager.default.createDirectory(atPath: folder + "/config", withIntermediateDirectories: true)
        var runner = CloudRunner(root: folder, ownRoot: folder, config: folder + "/config")
        let seen = Seen()
        runner.runProgram = { (arguments) throws(MetadataError) in
            seen.scripts.append((try? String(contentsOfFile: folder + arguments[0], encoding: .utf8)) ?? "")
            return status
        }
        runner.setHostname = { (name) throws(MetadataError) in seen.names.append(name) }
        runner.follow(try CloudConfig(Array("#cloud-config\n\(text)".utf8)))
        return (runner, seen.names + seen.scripts)
    }

    private final class Seen {
        var names: [String] = []
        var scripts: [String] = []
    }

    private static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private static func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func carriesOutAConfiguration() async throws {
        try await withTemporaryDirectory { folder in
            let user = "\(getuid()):\(getgid())"
            let (runner, seen) = try Self.run(
                """
                hostname: web1.example.org
                manage_etc_hosts: true
                ssh_authorized_keys: [ssh-rsa AAAA root]
                write_files:
                - {path: /etc/deep/app.conf, content: "a\\n", permissions: "0640", owner: "\(user)"}
                - {path: /etc/deep/app.conf, content: "b\\n", permissions: "0640", owner: "\(user)", append: true}
                timezone: Europe/Berlin
                ntp: {servers: [a.example, b.example]}
                bootcmd: [echo early]
                runcmd: [echo one, [echo, "it's"]]
                """, in: folder)
            // Files belong to root unless an owner is named, which only root can give.
            let isRoot = getuid() == 0
            try #require(isRoot)
            #expect(runner.errors == [])
            #expect(
                seen == ["web1.example.org", "#!/bin/sh\necho early\n", "#!/bin/sh\necho one\n'echo' 'it'\\''s'\n"])
            #expect(try Self.text(folder + "/etc/deep/app.conf") == "a\nb\n")
            #expect(try Self.mode(folder + "/etc/deep/app.conf") == 0o640)
            #expect(try Self.text(folder + "/etc/hostname") == "web1.example.org\n")
            #expect(try Self.text(folder + "/etc/hosts").contains("127.0.1.1 web1.example.org web1\n"))
            #expect(try Self.text(folder + "/config/ssh/authorized_keys") == "ssh-rsa AAAA root\n")
            #expect(
                try Self.text(folder + "/config/ntp/cloud-init.sources")
                    == "server a.example iburst\nserver b.example iburst\n")
            #expect(try Self.text(folder + "/etc/timezone") == "Europe/Berlin\n")
            #expect(
                try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/etc/localtime")
                    == "/usr/share/zoneinfo/Europe/Berlin")
            #expect(
                runner.done == ["1 command of bootcmd", "hostname web1.example.org", "2 files", "2 commands of runcmd"])
        }
    }

    @Test func addsUsers() async throws {
        try await withTemporaryDirectory { folder in
            try FileManager.default.createDirectory(atPath: folder + "/etc", withIntermediateDirectories: true)
            try "root:x:0:0:root:/root:/bin/sh\nold:x:1000:1000::/home/old:/bin/sh\n".write(
                toFile: folder + "/etc/passwd", atomically: true, encoding: .utf8)
            let text = """
                groups: [{web: [old]}]
                users:
                  - {name: ada, groups: [web], ssh_authorized_keys: [ssh-rsa AAAA ada], gecos: Ada}
                  - {name: bob, uid: 1000}
                  - {name: old, groups: [web], lock_passwd: false, passwd: $6$x}
                  - {name: root, ssh_authorized_keys: [ssh-rsa BBBB]}
                chpasswd:
                  expire: false
                  users: [{name: ada, password: $5$y, type: hash}, {name: eve, password: $5$z}]
                """
            let (runner, _) = try Self.run(text, in: folder)
            #expect(
                runner.errors.map { $0.description } == [
                    "cloud-config: user 'bob': number 1000 already has a user",
                    "cloud-config: chpasswd: user 'eve' does not exist",
                ])
            #expect(
                try Self.text(folder + "/etc/passwd")
                    == "root:x:0:0:root:/root:/bin/sh\nold:x:1000:1000::/home/old:/bin/sh\nada:x:1001:1001:Ada:/home/ada:/bin/sh\n"
            )
            #expect(try Self.text(folder + "/etc/group") == "root:x:0:\nweb:x:1000:old,ada\nada:x:1001:\n")
            #expect(
                try Self.text(folder + "/etc/shadow")
                    == "root:*:19000:0:99999:7:::\nada:$5$y:19000:0:99999:7:::\nold:$6$x:19000:0:99999:7:::\n")
            #expect(try Self.mode(folder + "/etc/shadow") == 0o600)
            #expect(try Self.text(folder + "/home/ada/.ssh/authorized_keys") == "ssh-rsa AAAA ada\n")
            #expect(try Self.mode(folder + "/home/ada/.ssh") == 0o700)
            let owner = try FileManager.default.attributesOfItem(atPath: folder + "/home/ada/.ssh/authorized_keys")
            #expect(owner[.ownerAccountID] as? Int == 1001)
            #expect(try Self.text(folder + "/config/ssh/authorized_keys") == "ssh-rsa BBBB\n")
            // A second boot of the same root changes nothing.
            let before = try Self.text(folder + "/etc/passwd")
            _ = try Self.run(text, in: folder)
            #expect(try Self.text(folder + "/etc/passwd") == before)
        }
    }

    @Test func failuresDoNotStopTheRest() async throws {
        try await withTemporaryDirectory { folder in
            let (runner, seen) = try Self.run(
                """
                bootcmd: [exit 3]
                write_files:
                - {path: /a, owner: nobody-there, content: x}
                - {path: /b, content: y}
                runcmd: [echo]
                """, in: folder, status: 3)
            #expect(
                runner.errors.map { $0.description } == [
                    "bootcmd: exit status 3",
                    "cloud-config: owner 'nobody-there': user 'nobody-there' does not exist", "runcmd: exit status 3",
                ])
            #expect(seen.count == 2)
            #expect(try Self.text(folder + "/b") == "y")
        }
    }

    /// Real programs of this host.
    @Test func runsPrograms() throws {
        #expect(try ChildProgram.run(["/bin/sh", "-c", "exit 7"]) == 7)
        #expect(try ChildProgram.run(["/bin/sh", "-c", "kill -9 $$"]) == 137)
        #expect(throws: MetadataError.self) { try ChildProgram.run(["/nonexistent"]) }
    }
}
