import BootLayout
import JSON
import MobySpec
import OCI
import TestSupport
import Testing

@testable import MobyBuild

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
        let sections: [(Placement.Stage, [ContainerSpec])] = [
            (.services, spec.services), (.onboot, spec.onboot), (.onshutdown, spec.onshutdown),
        ]
        guard let (stage, containers) = sections.first(where: { !$0.1.isEmpty }), let container = containers.first
        else {
            throw BuildError("no container")
        }
        return try RuntimeConfig(
            RuntimeConfig.Input(
                container: container,
                label: try label.map { try SpecReader.label($0, of: "nginx") } ?? ContainerOptions(), image: image,
                placement: Placement(
                    stage: stage, index: 0, name: container.name, imageTree: "/images/0123456789abcdef"),
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
        #expect(
            try Golden.difference(
                config.config.json.text(indent: 4) + "\n" + config.record.text, "config-\(test.name).json") == nil)
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
        let placement = Placement(stage: .services, index: 0, name: "web", imageTree: "/images/0123456789abcdef")
        let explanation = Explanation(container: container, placement: placement, config: config)
        #expect(try Golden.difference(explanation.text, "explain.txt") == nil)
        #expect(try Golden.difference(explanation.json.text(indent: 2) + "\n", "explain.json") == nil)
        // Every leaf of the configuration has an origin.
        #expect(config.config.origins.count > 20)
    }

    struct Fault: CustomTestStringConvertible {
        let message: String
        let change: @Sendable (inout ContainerOptions) -> Void
        var testDescription: String { message }

        init(_ message: String, _ change: @escaping @Sendable (inout ContainerOptions) -> Void) {
            self.message = message
            self.change = change
        }
    }

    /// The reader of YAML finds most of these first; labels and callers of the library come here with theirs.
    @Test(arguments: [
        Fault("capability is 'NET_ADMIN', expected a Linux capability; did you mean 'CAP_NET_ADMIN'?") {
            $0.capabilities = ["NET_ADMIN"]
        },
        Fault("rlimits has the unknown limit 'nofiles'; did you mean 'nofile'?") { $0.rlimits = ["nofiles,1,2"] },
        Fault("rlimits is 'nofile,1', expected name,soft,hard") { $0.rlimits = ["nofile,1"] },
        Fault("rlimits is 'nofile,1,x', expected numbers or 'unlimited' after the name") {
            $0.rlimits = ["nofile,1,x"]
        },
        Fault("'data' is neither an absolute path nor a volume; volumes of this file: fixed") {
            $0.binds = ["data:/x"]
        },
        Fault("volume 'fixed' is read-only, and this use of it is not") { $0.binds = ["fixed:/x"] },
        Fault("bind '/a' has 1 parts, expected 2 or 3") { $0.binds = ["/a"] },
        Fault(
            "sysctl 'net.ipv4.ip_forward' of 'web' needs a network namespace of its own; runc refuses it otherwise; add net: new"
        ) {
            $0.sysctl = ["net.ipv4.ip_forward": "1"]
        },
        Fault("sysctl 'net/ipv4/conf/eth0.1/forwarding' of 'web' needs a network namespace") {
            $0.sysctl = ["net/ipv4/conf/eth0.1/forwarding": "1"]
        },
        Fault("sysctl 'fs.mqueue.msg_max' of 'web' needs an ipc namespace of its own") {
            $0.sysctl = ["fs.mqueue.msg_max": "1"]
        },
        Fault("sysctl 'kernel.shmmax' of 'web' needs an ipc namespace of its own") {
            $0.sysctl = ["kernel.shmmax": "1"]
        },
        Fault("sysctl 'kernel.domainname' of 'web' needs a uts namespace of its own") {
            $0.sysctl = ["kernel.domainname": "1"]
        },
        Fault("sysctl 'kernel.hostname' of 'web' is refused by runc, which has the key 'hostname' for it") {
            ($0.sysctl, $0.uts) = (["kernel.hostname": "a"], "new")
        },
        Fault("sysctl 'vm.swappiness' of 'web' cannot be set for one container") { $0.sysctl = ["vm.swappiness": "1"] },
        Fault("userns: new of 'web' needs gidMappings; runc refuses it otherwise") {
            ($0.userns, $0.net, $0.uidMappings) = ("new", "new", [IDMapping(hostID: 1000, containerID: 0, size: 1)])
        },
        Fault("'A=\\x00' of 'web' has a NUL byte in it") { $0.env = ["A=\0"] },
        Fault("'/a\\x00' of 'web' has a NUL byte in it") { $0.command = ["/a\0"] },
        Fault("tmpfs '/a:b:c' has more than one ':'") { $0.tmpfs = ["/a:b:c"] },
        Fault("mount has no type") { $0.mounts = [MountSpec()] },
        Fault("uid is 'nobody', which is not a container of this file; use a number, or one of: web") {
            $0.uid = .container("nobody")
        },
        Fault("command of 'web' is empty") { $0.command = [] },
        Fault("hostname 'x' needs a uts namespace of its own; runc refuses it otherwise; add uts: new") {
            $0.hostname = "x"
        },
        Fault("restart is 'maybe', expected on-failure, always or no") { $0.restart = "maybe" },
        Fault("device '/dev/x' has no mode") { $0.devices = [DeviceSpec(path: "/dev/x", type: "c")] },
    ])
    func faultOf(_ test: Fault) throws {
        var spec = try Workshop.spec(
            "volumes:\n  - {name: fixed, readonly: true}\nservices:\n  - name: web\n    image: nginx\n")
        test.change(&spec.services[0].options)
        let error = #expect(throws: SpecError.self) { _ = try Self.configuration(spec) }
        let faults = error?.diagnostics.map { "\($0.location?.line ?? 0): \($0.message); \($0.hint ?? "")" } ?? []
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("4: " + test.message) == true, "\(faults)")
    }

    @Test func settingsOfANewNamespaceAreTaken() throws {
        var spec = try Workshop.spec("services:\n  - name: web\n    image: nginx\n")
        (spec.services[0].options.net, spec.services[0].options.ipc, spec.services[0].options.uts) = (
            "new", "new", "new"
        )
        spec.services[0].options.sysctl = ["net.ipv4.ip_forward": "1", "kernel.shmmax": "1", "kernel.domainname": "a"]
        #expect(try Self.configuration(spec).warnings == [])
        spec.services[0].options.net = "/run/netns/a"
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

    @Test func imageWithANulByteIsAnError() throws {
        var image = Self.image
        image.config?.env = ["PATH=/bin", "A=\0"]
        let error = #expect(throws: SpecError.self) {
            _ = try Self.configuration("services:\n  - name: web\n    image: nginx\n", image: image)
        }
        #expect(error?.diagnostics.map(\.message) == ["'A=\\x00' of 'web' has a NUL byte in it (Env of image 'nginx')"])
    }

    @Test func destinationsAreMeantFromTheRoot() throws {
        var spec = try Workshop.spec("services:\n  - name: web\n    image: nginx\n")
        spec.services[0].options.binds = ["/a:b"]
        spec.services[0].options.tmpfs = ["t"]
        spec.services[0].options.mounts = [Self.mount("o", "overlay")]
        let destinations =
            try Self.configuration(spec).config.json["mounts"]?.array?.compactMap { $0["destination"]?.string } ?? []
        #expect(Set(destinations).isSuperset(of: ["/b", "/t", "/o"]))
    }

    @Test func allFaultsOfAContainerAtOnce() throws {
        var spec = try Workshop.spec("services:\n  - name: web\n    image: nginx\n")
        spec.services[0].options.capabilities = ["X"]
        spec.services[0].options.uid = .container("nobody")
        spec.services[0].options.binds = ["a"]
        let error = #expect(throws: SpecError.self) { _ = try Self.configuration(spec) }
        #expect(error?.diagnostics.count == 3)
    }

    @Test func aBoundDevKeepsItsSharedMemory() throws {
        let config = try Self.configuration("services:\n  - name: web\n    image: nginx\n    binds: [\"/dev:/dev\"]\n")
        let destinations = config.config.json["mounts"]?.array?.compactMap { $0["destination"]?.string } ?? []
        #expect(destinations.contains("/dev") && !destinations.contains("/dev/shm"))
    }

    @Test func imageWithoutCommandIsAnError() throws {
        let image = ImageConfig(platform: Platform(architecture: "amd64"), config: ImageConfig.Execution(), diffIDs: [])
        let error = #expect(throws: SpecError.self) {
            _ = try Self.configuration("services:\n  - name: web\n    image: nginx\n", image: image)
        }
        let fault = try #require(error?.diagnostics.first)
        #expect(fault.message == "image 'nginx' of 'web' has no command")
        #expect(fault.hint == "add command: [\"/path/of/program\"] to 'web'")
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
