import BootLayout
import JSON
import OCI
import TestSupport
import Testing

@testable import MobyBuild
@testable import MobySpec

struct RuntimeConfigTests {
    static let image: ImageConfig = {
        var execution = ImageConfig.Execution()
        execution.entrypoint = ["/usr/sbin/nginx"]
        execution.cmd = ["-g", "daemon off;"]
        execution.env = ["PATH=/usr/sbin:/usr/bin"]
        execution.workingDir = "/srv"
        return ImageConfig(platform: Platform(architecture: "amd64"), config: execution, diffIDs: [])
    }()

    static func configuration(
        _ yaml: String, label: String? = nil, image: ImageConfig = image,
        accounts: Accounts = Accounts(passwd: "", group: "")
    ) throws -> RuntimeConfig {
        try configuration(Workshop.spec(yaml), label: label, image: image, accounts: accounts)
    }

    static func configuration(
        _ spec: Spec, label: String? = nil, image: ImageConfig = image,
        accounts: Accounts = Accounts(passwd: "", group: "")
    ) throws -> RuntimeConfig {
        let sections: [Spec.Section] = [.services, .onboot, .onshutdown]
        let section = try #require(sections.first { !spec[$0].isEmpty })
        let container = spec[section][0]
        return try RuntimeConfig(
            RuntimeConfig.Input(
                container: container,
                label: try label.map { try SpecReader.label($0, of: "nginx") } ?? ContainerOptions(), image: image,
                placement: BundleLocation(
                    section: section, index: 0, name: container.name, imageTree: "/images/0123456789abcdef"),
                volumes: VolumeTable(spec), identities: IdentityTable(spec), accounts: { accounts }))
    }

    struct Case: CustomTestStringConvertible {
        let name: String
        let yaml: String
        var label: String?
        var user: String?
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "bare", yaml: "services:\n  - name: web\n    image: nginx\n"),
        Case(
            name: "privileged",
            yaml: """
                services:
                  - name: web
                    image: nginx
                    capabilities: [all]
                    pid: host
                    net: new
                    devices:
                      - path: all
                        type: b
                      - path: /dev/console
                        type: c
                        major: 5
                        minor: 1
                        mode: "0666"
                    rlimits: ["nofile,1024,unlimited"]
                    resources:
                      memory: {limit: 10485760}
                      hugepageLimits: [{pageSize: 2097152, limit: 4194304}]
                """),
        Case(
            name: "readonly",
            yaml: """
                services:
                  - name: web
                    image: nginx
                    readonly: true
                    tmpfs: ["/tmp:size=1m"]
                    mounts: [{type: tmpfs, destination: /dev/shm, source: tmpfs}]
                    maskedPaths: []
                    restart: always
                """),
        Case(
            name: "2017",
            yaml: """
                services:
                  - name: web
                    image: "nginx:alpine"
                    net: host
                    capabilities: [CAP_NET_BIND_SERVICE, CAP_CHOWN, CAP_SETUID, CAP_SETGID, CAP_DAC_OVERRIDE]
                    binds: ["/etc/resolv.conf:/etc/resolv.conf"]
                    command: ["nginx", "-g", "daemon off;"]
                    uid: 33
                    additionalGids: [4]
                """),
        Case(
            name: "volumes",
            yaml: """
                volumes:
                  - {name: data}
                  - {name: fixed, readonly: true}
                onboot:
                  - {name: first, image: nginx}
                services:
                  - name: web
                    image: nginx
                    uid: web
                    gid: first
                    binds.add: ["fixed:/fixed:ro", "/run:/run"]
                    mounts: [{type: bind, source: data, destination: /data, options: [rw, rbind]}]
                """,
            label:
                #"{"binds": ["/run:/run", "/dev:/dev"], "binds.add": ["data:/label"], "runtime": {"mkdir": ["/var/x"], "bindNS": {"net": "/run/n"}}}"#
        ),
        Case(name: "user", yaml: "services:\n  - name: web\n    image: nginx\n", user: "www"),
    ]

    @Test(arguments: cases) func configurationOf(_ test: Case) throws {
        var image = Self.image
        image.config?.user = test.user
        let accounts = Accounts(
            passwd: "root:x:0:0::/:/bin/sh\nwww:x:33:34::/:/bin/sh\n", group: "log:x:4:www,x\nwww:x:34:\n")
        let config = try Self.configuration(test.yaml, label: test.label, image: image, accounts: accounts)
        var json = config.config.json
        // SeccompTests look into it.
        if json["linux"]?["seccomp"] != nil { json["linux"]?["seccomp"] = .string("…") }
        #expect(
            try Golden.difference(
                json.text(indent: 4) + "\n" + config.record.text, "config-\(test.name).json") == nil)
    }

    @Test(arguments: [
        ("", ["RLIMIT_NOFILE 1024 524288"]), ("    rlimits: [\"nofile,5,6\"]\n", ["RLIMIT_NOFILE 5 6"]),
        ("    rlimits: []\n", []),
        ("    rlimits: [\"nproc,7,8\"]\n", ["RLIMIT_NPROC 7 8", "RLIMIT_NOFILE 1024 524288"]),
    ])
    func openFilesAreLimitedUnlessTheFileSaysOtherwise(_ yaml: String, _ limits: [String]) throws {
        let config = try Self.configuration("services:\n  - name: web\n    image: nginx\n" + yaml)
        let json = try JSONValue(parsing: Array(config.config.json.text(indent: 0).utf8))
        let list = json["process"]?["rlimits"]?.array ?? []
        #expect(
            list.map { "\($0["type"]?.string ?? "") \($0["soft"]?.integer ?? 0) \($0["hard"]?.integer ?? 0)" } == limits
        )
    }

    @Test(arguments: [
        ("onboot", "", 120, "default", RuntimeRecord.Restart.onFailure),
        ("onboot", "    timeout: 0\n", 0, "web.yml", .onFailure),
        ("onshutdown", "", 30, "default", .onFailure), ("services", "", 0, "none", .onFailure),
        ("services", "    onfailure: poweroff\n", 0, "none", .no),
        ("services", "    onfailure: poweroff\n    restart: always\n", 0, "none", .always),
    ])
    func limitsOfTimeAndRestarts(
        _ section: String, _ yaml: String, _ timeout: Int, _ origin: String, _ restart: RuntimeRecord.Restart
    ) throws {
        let config = try Self.configuration("\(section):\n  - name: web\n    image: nginx\n" + yaml)
        #expect(config.record.timeout == timeout && config.record.restart == restart)
        let found = config.recordOrigins.first { $0.pointer == "/timeout" }.map { "\($0.origin)" } ?? "none"
        #expect(found.hasPrefix(origin), "\(found)")
    }

    @Test func explanationNamesEveryOrigin() throws {
        let test = Self.cases[4]
        let config = try Self.configuration(test.yaml, label: test.label)
        let spec = try Workshop.spec(test.yaml)
        let container = try #require(spec.services.first)
        let placement = BundleLocation(section: .services, index: 0, name: "web", imageTree: "/images/0123456789abcdef")
        let explanation = Explanation(container: container, placement: placement, config: config)
        #expect(try Golden.difference(explanation.text, "explain.txt") == nil)
        #expect(try Golden.difference(explanation.json.text(indent: 2) + "\n", "explain.json") == nil)
        // Every leaf of the configuration has an origin.
        #expect(config.config.origins.count > 20)
    }

    @Test func settingsOfANewNamespaceAreTaken() throws {
        var spec = try Workshop.spec("services:\n  - name: web\n    image: nginx\n")
        (spec.services[0].options.net, spec.services[0].options.ipc, spec.services[0].options.uts) = (
            .new, .new, .new
        )
        spec.services[0].options.sysctl = ["net.ipv4.ip_forward": "1", "kernel.shmmax": "1", "kernel.domainname": "a"]
        #expect(try Self.configuration(spec).warnings == [])
        spec.services[0].options.net = .path("/run/netns/a")
        #expect(try Self.configuration(spec).warnings == [])
    }

    private static func mount(_ destination: String, _ type: String) -> MountSpec {
        var mount = MountSpec()
        (mount.source, mount.destination, mount.type) = ("/dev/vda", destination, type)
        return mount
    }

    @Test(arguments: [
        ("ext5", "the mount at '/m' of 'web' has the unknown type 'ext5'", "did you mean 'ext4'?"),
        (
            "a\u{1b}b", "the mount at '/m' of 'web' has the unknown type 'a\\x1bb'",
            "the kernel or one of its modules must have it"
        ),
    ])
    func mountOfAnUnknownType(_ type: String, _ message: String, _ hint: String) throws {
        var spec = try Workshop.spec("services:\n  - name: web\n    image: nginx\n")
        let mount = Self.mount("/m", type)
        spec.services[0].options.mounts = [mount]
        #expect(
            try Self.configuration(spec).warnings.map { "\($0.message) \($0.hint ?? "")" } == ["\(message) \(hint)"])
        spec.services[0].options.mounts = nil
        var runtime = RuntimeSpec()
        runtime.mounts = [mount]
        spec.services[0].options.runtime = runtime
        #expect(try Self.configuration(spec).warnings.map(\.message) == [message])
    }

    @Test(
        arguments: [
            (nil, ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], ["default"]),
            (
                ["A=b", "B"], ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=b", "B"],
                ["default", "image Env", "image Env"]
            ),
            (["A=b", "PATH=/x"], ["A=b", "PATH=/x"], ["image Env"]),
        ] as [([String]?, [String], [String])])
    func pathWithoutOne(_ environment: [String]?, _ expected: [String], _ origins: [String]) throws {
        var image = Self.image
        image.config?.env = environment
        let config = try Self.configuration("services:\n  - name: web\n    image: nginx\n", image: image)
        #expect(config.config.json["process"]?["env"]?.array?.compactMap(\.string) == expected)
        #expect(
            config.config.origins.filter { $0.pointer.hasPrefix("/process/env") }.map(\.origin.description) == origins)
        let malformed = "image 'nginx' sets the variable 'B', which is not NAME=value; runc refuses it"
        #expect(config.warnings.map(\.message) == (environment?.contains("B") == true ? [malformed] : []))
    }

    @Test func aBoundDevKeepsItsSharedMemory() throws {
        let config = try Self.configuration("services:\n  - name: web\n    image: nginx\n    binds: [\"/dev:/dev\"]\n")
        let destinations = config.config.json["mounts"]?.array?.compactMap { $0["destination"]?.string } ?? []
        #expect(destinations.contains("/dev") && !destinations.contains("/dev/shm"))
    }

    /// The last of `ro` and `rw` decides, as runc applies them, in binds and mounts alike.
    @Test(arguments: [("ro", true), ("ro,rw", false), ("rw,ro", true), ("rbind", false)])
    func readOnlyIsTheSameEverywhere(_ options: String, _ isReadonly: Bool) throws {
        let head = "volumes: [{name: fixed, image: a, readonly: true}]\nservices:\n  - name: web\n    image: nginx\n"
        for use in [
            "binds: [\"fixed:/x:\(options)\"]",
            "mounts: [{type: bind, source: fixed, destination: /x, options: [\(options)]}]",
        ] {
            let spec = try? Workshop.spec(head + "    \(use)\n")
            #expect((spec != nil) == isReadonly, "\(use)")
        }
        var spec = try Workshop.spec(head)
        spec.services[0].options.binds = [try Bind("fixed:/x:\(options)")]
        #expect(((try? Self.configuration(spec)) != nil) == isReadonly)
    }

    @Test func allOfALabelTakesAdditions() throws {
        let yaml = "services:\n  - name: web\n    image: nginx\n    capabilities.add: [CAP_KILL]\n"
        let config = try Self.configuration(yaml, label: #"{"capabilities": ["all"]}"#)
        #expect(config.config.json["process"]?["capabilities"]?["effective"]?.array?.count == CapabilityName.all.count)
    }

    @Test func imageWithoutCommandIsAnError() throws {
        let image = ImageConfig(platform: Platform(architecture: "amd64"), config: ImageConfig.Execution(), diffIDs: [])
        let error = #expect(throws: SpecError.self) {
            _ = try Self.configuration("services:\n  - name: web\n    image: nginx\n", image: image)
        }
        let problem = try #require(error?.diagnostics.first)
        #expect(problem.message == "image 'nginx' of 'web' has no command")
        #expect(problem.hint == "add command: [\"/path/of/program\"] to 'web'")
    }

    @Test func capabilitiesAddExtendsTheLabelOnce() throws {
        let yaml = "services:\n  - name: web\n    image: nginx\n    capabilities.add: [CAP_KILL, CAP_CHOWN]\n"
        let config = try Self.configuration(
            yaml, label: #"{"capabilities": ["CAP_CHOWN"], "capabilities.add": ["CAP_FOWNER"]}"#)
        let sets = config.config.json["process"]?["capabilities"]
        #expect(sets?["effective"]?.array?.compactMap(\.string) == ["CAP_CHOWN", "CAP_FOWNER", "CAP_KILL"])
        #expect(sets?["bounding"]?.array?.compactMap(\.string) == ["CAP_CHOWN", "CAP_FOWNER", "CAP_KILL"])
    }

    @Test(
        arguments: [
            ("33", 33, 34, [4]), ("www", 33, 34, [4]), ("www:log", 33, 4, []), ("1000:1000", 1000, 1000, []),
            ("1000", 1000, 0, []),
            ("root", 0, 0, []),
            (":log", 0, 4, []),
        ] as [(String, UInt32, UInt32, [UInt32])])
    func imageUser(_ text: String, uid: UInt32, gid: UInt32, more: [UInt32]) throws {
        let accounts = Accounts(passwd: "root:x:0:0::/:\nwww:x:33:34::/:\nshort:x\n", group: "log:x:4:www\n")
        let user = try #require(try ImageUser(text, accounts: { accounts }))
        #expect(user.uid == uid && user.gid == gid && user.additionalGids == more)
    }

    @Test(arguments: ["nobody", "www:nogroup"]) func unknownImageUser(_ text: String) throws {
        let accounts = Accounts(passwd: "www:x:33:34::/:\n", group: "")
        #expect(try ImageUser(text, accounts: { accounts }) == nil)
    }

    @Test func identitiesCountFromOneHundred() throws {
        let spec = try Workshop.spec(
            "onboot:\n - {name: a, image: x}\n - {name: b, image: x}\nonshutdown:\n - {name: a, image: x}\nservices:\n - {name: c, image: x}\n"
        )
        let table = IdentityTable(spec)
        #expect(["a", "b", "c", "root", "", "d"].map { table.number(.container($0)) } == [102, 101, 103, 0, 0, nil])
    }
}
