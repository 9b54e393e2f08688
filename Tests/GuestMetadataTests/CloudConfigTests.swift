import Foundation
import TestSupport
import Testing

@testable import GuestMetadata

/// The keys of `#cloud-config`.
struct CloudConfigTests {
    private static func read(_ text: String) throws -> CloudConfig {
        try CloudConfig(Array("#cloud-config\n\(text)".utf8))
    }

    @Test func readsUsers() throws {
        let config = try Self.read(
            """
            users:
              - default
              - name: ada
                uid: 1200
                gecos: Ada Lovelace
                groups: wheel, docker
                shell: /bin/ash
                lock_passwd: false
                passwd: $6$salt$hash
                ssh_authorized_keys: [ssh-rsa AAAA ada]
              - bob
            groups:
              - web: [ada]
              - empty
            ssh_authorized_keys:
              - ssh-rsa CCCC root
            """)
        #expect(config.errors == [])
        #expect(config.users.map { $0.name } == ["ada", "bob"])
        let ada = try #require(config.users.first)
        #expect(ada.number == 1200 && ada.comment == "Ada Lovelace" && ada.groups == ["wheel", "docker"])
        #expect(ada.passwordHash == "$6$salt$hash" && ada.keys == ["ssh-rsa AAAA ada"] && ada.shell == "/bin/ash")
        #expect(config.groups == [CloudGroup(name: "web", members: ["ada"]), CloudGroup(name: "empty")])
        #expect(config.keys == ["ssh-rsa CCCC root"])
    }

    /// As Proxmox writes them.
    @Test func theFirstUserHasTheKeysAtTheTop() throws {
        let config = try Self.read("user: debian\nssh_authorized_keys: [ssh-rsa AAAA me]\nusers: [default]\n")
        #expect(config.errors == [] && config.keys == ["ssh-rsa AAAA me"])
        #expect(config.users.map { $0.name } == ["debian"] && config.users.first?.keys == ["ssh-rsa AAAA me"])
    }

    /// A user without what cannot be had is better than none.
    @Test func aKeyThatIsSkippedLeavesTheUser() throws {
        let config = try Self.read("users: [{name: ada, sudo: x, ssh_authorized_keys: [ssh-rsa AAAA]}]\n")
        #expect(config.errors.count == 1 && config.users.first?.keys == ["ssh-rsa AAAA"])
    }

    @Test func passwordsAreHashes() throws {
        let config = try Self.read("chpasswd: {list: \"root:$6$a\\nada:$6$b\\n\"}\n")
        #expect(config.passwords.map { $0.user + $0.hash } == ["root$6$a", "ada$6$b"] && config.errors == [])
        let plain = try Self.read("chpasswd: {users: [{name: ada, password: secret, type: text}]}\n")
        #expect(
            plain.errors.map { $0.description } == [
                "cloud-config: line 2: password of 'ada', expected a hash as 'mkpasswd -m sha512' makes it"
            ])
    }

    @Test func readsFiles() throws {
        let config = try Self.read(
            """
            write_files:
            - path: /etc/app.conf
              content: |
                a = 1
              permissions: '0600'
              owner: ada:web
            - {path: /run/b, encoding: b64, content: aGVsbG8=, append: true}
            - {path: /run/c, encoding: gz+b64, content: "H4sIAAAAAAACA8tIzcnJBwCGphA2BQAAAA=="}
            - path: /run/empty
            """)
        let paths = config.files.map { $0.path }
        #expect(paths == ["/etc/app.conf", "/run/b", "/run/c", "/run/empty"] && config.errors == [])
        #expect(config.files[0].bytes == Array("a = 1\n".utf8) && config.files[0].mode == 0o600)
        #expect(config.files[0].owner == "ada:web" && config.files[1].appends)
        #expect(config.files[1].bytes == Array("hello".utf8) && config.files[2].bytes == config.files[1].bytes)
    }

    /// As the command line's programs make it.
    @Test func readsCompressedFiles() async throws {
        try await withTemporaryDirectory { folder in
            try "hello\n".write(toFile: folder + "/x", atomically: true, encoding: .utf8)
            try await Oracle("gzip")(folder + "/x")
            let text = try Data(contentsOf: URL(filePath: folder + "/x.gz")).base64EncodedString()
            let config = try Self.read("write_files:\n- {path: /run/c, encoding: gz+b64, content: \"\(text)\"}\n")
            #expect(config.files.first?.bytes == Array("hello\n".utf8) && config.errors == [])
        }
    }

    @Test func readsCommandsMountsAndTime() throws {
        let config = try Self.read(
            """
            hostname: web1
            fqdn: web1.example.org
            manage_etc_hosts: true
            timezone: Europe/Berlin
            ntp: {enabled: true, servers: [ntp.example.org], pools: [pool.example.org]}
            bootcmd: [echo early]
            runcmd:
              - echo one
              - [sh, -c, "echo 'two'"]
              -
            mounts:
              - [vdb, /data, ext4, "defaults,noatime", "0", "2"]
              - [LABEL=x, /x]
              - [sda1, null]
            growpart: {mode: auto}
            package_update: false
            """)
        #expect(config.errors == [])
        #expect(config.hostname == "web1.example.org" && config.managesHosts && config.timeZone == "Europe/Berlin")
        #expect(config.timeSources == ["server ntp.example.org iburst", "pool pool.example.org iburst"])
        #expect(config.bootCommands == [.line("echo early")])
        #expect(config.commands.map { $0.shell } == ["echo one", #"'sh' '-c' 'echo '\''two'\'''"#])
        #expect(config.mounts.map { $0.type } == ["ext4", "auto"])
        #expect(config.mounts.first?.options == ["defaults", "noatime"])
    }

    @Test(arguments: [
        ("packages: [vim]\n", "line 2: key 'packages' is not supported, skipped"),
        (
            "write_files:\n- {path: /a, source: {uri: x}}\n",
            "line 3: key 'write_files.source' is not supported, skipped"
        ),
        ("users: [{name: ada, sudo: x}]\n", "line 2: key 'users.sudo' is not supported, skipped"),
        ("users: [{name: 'a:b'}]\n", "line 2: 'a:b', expected a name of lower-case letters, digits, '_' and '-'"),
        (
            "users: [{name: a, gecos: 'x:y'}]\n",
            "line 2: 'gecos' of user 'a', expected text without ':' and line breaks"
        ),
        ("write_files:\n- path: ../x\n", "line 3: 'path' '../x', expected an absolute path without '..'"),
        ("write_files:\n- {path: /a/../b}\n", "line 3: 'path' '/a/../b', expected an absolute path without '..'"),
        (
            "write_files:\n- {path: /a, permissions: rw}\n",
            "line 3: 'permissions' of '/a' 'rw', expected octal digits, 7777 at most"
        ),
        (
            "write_files:\n- {path: /a, encoding: gz+b64, content: aGVsbG8=}\n",
            "line 3: 'content' of '/a': not gzip data"
        ), ("runcmd: reboot\n", "line 2: 'runcmd', expected a list"),
        ("mounts: [x]\n", "line 2: item of 'mounts', expected a list of device, path, type and options"),
        ("package_update: true\n", "line 2: key 'package_update' is not supported, skipped"),
    ])
    func namesWhatItDoesNotFollow(text: String, message: String) throws {
        let config = try Self.read(text + "hostname: kept\n")
        #expect(config.errors.map { $0.description } == ["cloud-config: " + message])
        #expect(config.hostname == "kept")
    }

    @Test func malformedTextIsOneError() {
        #expect(throws: MetadataError("cloud-config: line 3: duplicate key 'a' (first on line 2)")) {
            try Self.read("a: 1\na: 2\n")
        }
        #expect(throws: MetadataError("cloud-config: expected a mapping")) { try Self.read("- a\n") }
        #expect(throws: Never.self) { try Self.read("") }
    }
}
