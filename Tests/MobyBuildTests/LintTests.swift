import BootLayout
import MobySpec
import OCI
import Testing

@testable import MobyBuild

struct LintTests {
    private static let files: [(String, Workshop.Entry)] = [
        ("usr", .directory()), ("usr/bin", .directory()), ("bin", .link("usr/bin")),
        ("usr/bin/tool", .program(ProgramFile.bytes())),
        ("usr/bin/text", .file("")), ("usr/bin/alias", .link("/bin/tool")), ("usr/bin/nowhere", .link("none")),
        ("usr/bin/noloader", .program(ProgramFile.bytes(interpreter: "/lib64/ld-linux-x86-64.so.2"))),
        ("usr/bin/loader", .program(ProgramFile.bytes(interpreter: "/bin/tool"))),
        ("usr/bin/libs", .program(ProgramFile.bytes(interpreter: "/bin/tool", needed: ["libc.so.6", "libz.so.1"]))),
        ("usr/bin/libc.so.6", .file("")), ("usr/bin/other", .program(ProgramFile.bytes(machine: 183))),
        ("usr/bin/old", .program(ProgramFile.bytes(machine: 3))), ("usr/bin/plain", .file("echo hello\n", mode: 0o755)),
        ("usr/bin/script", .file("#! /bin/tool -x\n", mode: 0o755)),
        ("usr/bin/bash", .file("#!/bin/bash2\n", mode: 0o755)),
        ("usr/bin/dos", .file("#!/bin/tool\r\nx\r\n", mode: 0o755)), ("usr/bin/env", .program(ProgramFile.bytes())),
        ("usr/bin/withenv", .file("#!/usr/bin/env tool\n", mode: 0o755)),
        ("usr/bin/python", .file("#!/usr/bin/env python3\n", mode: 0o755)),
        ("usr/bin/chain", .file("#!/bin/noloader\n", mode: 0o755)),
        ("usr/bin/loop", .file("#!/bin/loop\n", mode: 0o755)),
    ]

    static func result(
        _ service: String, more: String = "", boot: String = "kernel: {image: \"test/kernel:1\", tar: none}",
        initial: [(String, Workshop.Entry)]? = nil, environment: [String] = ["PATH=/bin"],
        _ change: (inout BuildOptions) -> Void = { _ in }
    ) async throws -> Linter.Result {
        try await Workshop.with { workshop in
            try fill(workshop, initial)
            try workshop.image("test/tool:1", files) {
                $0.cmd = ["tool"]
                $0.env = environment
            }
            let yaml = """
                \(boot)
                init: ["test/init:1"]
                services:
                  - {name: absent, image: "test/absent:1"}
                  - {name: web, image: "test/tool:1"\(service)}
                \(more)
                """
            return try await Linter(store: workshop.store, options: workshop.options(change)).check(workshop.spec(yaml))
        }
    }

    @Test func aProfileThatNothingLoads() async throws {
        func messages(_ profile: String, _ onboot: String = "") async throws -> [String] {
            try await Self.result(", apparmor: \(profile)", more: onboot).diagnostics.map(\.message)
        }
        let loads = #"{name: load, image: "test/tool:1", binds: ["/sys/kernel/security:/sys/kernel/security"]}"#
        #expect(
            try await messages("own") == [
                "'web' has the AppArmor profile 'own', but no container of onboot loads profiles"
            ])
        #expect(try await messages("unconfined") == [])
        #expect(try await messages("own", "onboot: [\(loads)]") == [])
        #expect(try await messages("own", #"onboot: [{name: load, image: "test/absent:2"}]"#) == [], "not known")
    }

    /// A kernel, and an init image with runc.
    static func fill(_ workshop: Workshop, _ initial: [(String, Workshop.Entry)]? = nil) throws {
        try workshop.image("test/kernel:1", [("kernel", .file("K"))])
        try workshop.image(
            "test/init:1",
            initial ?? [
                ("etc", .directory()), ("etc/ssl", .directory()), ("srv", .link("etc/ssl")),
                ("init", .program(ProgramFile.bytes())),
                ("usr", .directory()), ("usr/bin", .directory()), ("usr/bin/runc", .program(ProgramFile.bytes())),
            ])
    }

    static func messages(_ service: String, more: String = "", environment: [String] = ["PATH=/bin"]) async throws
        -> [String]
    {
        try await result(service, more: more, environment: environment).diagnostics.map(\.message)
    }

    @Test(arguments: [
        "", ", command: [/bin/alias]", ", command: [../bin/tool], cwd: /bin",
        ", binds: [\"/etc/ssl:/x\", \"/var/x:/y\", \"/srv:/z\"]",
        ", command: [/data/x], binds: [\"/run/x:/data\"]", ", binds: [\"/opt/x:/y\"], runtime: {mkdir: [/opt/x]}",
        ", command: [loader]", ", command: [script]", ", command: [withenv]", ", command: [old]", ", command: [loop]",
        ", command: [noloader], binds: [\"/run/x:/lib64\"]", ", command: [libs], binds: [\"/run/x:/usr/lib\"]",
        ", command: [bash], binds: [\"/run/x:/usr/bin/bash2\", \"/run/x:/bin/bash2\"]",
    ])
    func nothingToSay(_ service: String) async throws {
        #expect(try await Self.messages(service) == [])
    }

    private static let image = "in image 'test/tool:1'"

    @Test(arguments: [
        (", command: [missing]", "'web' runs 'missing', which does not exist \(image)"),
        (", command: [/usr/bin/text]", "'web' runs '/usr/bin/text', which is not executable \(image)"),
        (", command: [/usr/bin]", "'web' runs '/usr/bin', which is a directory \(image)"),
        (", command: [nowhere]", "'web' runs 'nowhere', which does not exist \(image)"),
        (
            ", command: [noloader]",
            "'web' runs 'noloader', which needs the loader '/lib64/ld-linux-x86-64.so.2', which does not exist \(image)"
        ),
        (", command: [libs]", "'web' runs 'libs', which needs the library 'libz.so.1', which does not exist \(image)"),
        (", command: [other]", "'web' runs 'other', which is a program for arm64, not for amd64, \(image)"),
        (", command: [plain]", "'web' runs 'plain', which is neither a program nor a script \(image)"),
        (", command: [bash]", "'web' runs 'bash', which is a script for '/bin/bash2', which does not exist \(image)"),
        (", command: [dos]", "'web' runs 'dos', which is a script for '/bin/tool\\x0d', which does not exist \(image)"),
        (
            ", command: [python]",
            "'web' runs 'python', which is a script for 'python3', which is in no folder of PATH \(image)"
        ),
        (
            ", command: [chain]",
            "'web' runs 'chain', which is run by '/bin/noloader', which needs the loader '/lib64/ld-linux-x86-64.so.2', "
                + "which does not exist \(image)"
        ),
        (
            ", binds: [\"/opt/x:/y\"]",
            "'web' binds '/opt/x', which neither an init image nor an entry of files provides"
        ),
        (", command: [tool], env: [A=b]", ""),
        (", command: [tool], env: [PATH=/opt]", "'web' runs 'tool', which does not exist \(image)"),
    ])
    func somethingToSay(_ service: String, _ message: String) async throws {
        #expect(try await Self.messages(service) == (message.isEmpty ? [] : [message]))
    }

    @Test func filesProvideSources() async throws {
        let warnings = try await Self.messages(
            ", binds: [\"/opt/x:/y\"]", more: "files:\n  - {path: opt/x/z, contents: a}")
        #expect(warnings == [])
    }

    /// A program by name, in an image that sets no PATH: the one that the guest will have counts.
    @Test func pathIsThatOfTheGuest() async throws {
        #expect(try await Self.messages("", environment: []) == [])
    }

    @Test func imagesThatAreAbsentAreNamedOnce() async throws {
        let result = try await Self.result("", more: "onboot:\n  - {name: again, image: \"test/absent:1\"}")
        #expect(result.absent == ["test/absent:1"])
    }

    @Test(arguments: [
        (
            "files:\n  - {path: a, source: /none}\n  - {path: b, source: /none, optional: true}",
            ["source '/none': No such file or directory"],
            ["left out: '/b', whose optional source '/none' cannot be read: No such file or directory"]
        ),
        (
            "files:\n  - {path: etc/ssl, contents: x}",
            ["'/etc/ssl' is a directory in 'test/init:1' and a file in 'files'"], []
        ),
        ("onboot:\n  - {name: l, image: \"oci:/none\"}", ["'oci:/none': no file or folder '/none'"], []),
        (
            "files:\n  - {path: var/x, contents: a}",
            ["'/var/x' is hidden by the tmpfs that is mounted on '/var' at boot, and this init does not restore it"],
            []
        ),
        ("files:\n  - {path: dev/x, contents: a}", ["'/dev/x' is hidden by the mount on '/dev' at boot"], []),
    ])
    func whatABuildWouldRefuse(_ more: String, _ messages: [String], _ notes: [String]) async throws {
        let result = try await Self.result("", more: more)
        #expect((result.unavailable + result.diagnostics).map(\.message) == messages)
        #expect(result.notes == notes)
    }

    @Test(arguments: [
        ("", [], ["warning: format 'kernel+initrd' cannot boot without 'kernel'"]), ("", ["tar"], []),
        ("", ["docker", "oci"], []),
        ("", ["kernel+initrd"], ["error: format 'kernel+initrd' cannot boot without 'kernel'"]),
        ("", ["tar", "raw"], ["error: format 'raw' cannot boot without 'kernel'"]),
        ("outputs:\n  - {format: iso}", [], ["error: format 'iso' cannot boot without 'kernel'"]),
        (
            "kernel: {image: \"test/kernel:1\", tar: modules.tar}", [],
            ["error: kernel image 'test/kernel:1' has no modules archive 'modules.tar'; it has kernel"]
        ),
        (
            "kernel: {image: \"test/kernel:1\", tar: none, binary: x}", ["tar"],
            ["error: kernel image 'test/kernel:1' has no kernel 'x'; it has kernel"]
        ),
    ])
    func sections(_ boot: String, _ formats: [String], _ expected: [String]) async throws {
        let result = try await Self.result("", boot: boot) {
            $0.formats = formats
            $0.bootLoaders = "test/loaders:1"
        }
        #expect(result.diagnostics.map { "\($0.severity.rawValue): \($0.message)" } == expected)
    }

    @Test func formatsThatBootByThemselvesNeedBootLoaders() async throws {
        let message = "format 'raw' needs an image with boot loaders, but none is given"
        #expect(try await Self.result("") { $0.formats = ["raw"] }.diagnostics.map(\.message).contains(message))
        #expect(
            try await !Self.result("") { $0.formats = ["kernel+initrd"] }.diagnostics.map(\.message).contains(message))
    }

    @Test(
        arguments: [
            ("kernel: {image: \"test/kernel:1\"}", [.kernelInitrd], true, ["error init"]),
            (part, [.kernelInitrd], true, ["warning kernel", "warning init"]),
            (part, [.kernelInitrd], false, ["error kernel", "error init"]), (part, [.tar], false, []),
            ("init: [\"a:1\"]", [.kernelInitrd], false, ["error kernel"]),
            ("{}", [.tar], true, ["error the spec is empty"]),
            ("services: []", [.kernelInitrd], false, ["error the spec is empty"]),
        ] as [(String, [OutputFormat], Bool, [String])])
    func withoutKernelOrInit(_ yaml: String, _ formats: [OutputFormat], _ areOpen: Bool, _ expected: [String]) throws {
        let found = SectionCheck(try Workshop.spec(yaml), formats, formatsAreOpen: areOpen).found
        #expect(found.map { "\($0.severity.rawValue) \($0.message.split(separator: "'").last ?? "")" } == expected)
    }

    private static let part = "services: [{name: web, image: \"b:1\"}]"
    private static let own = RootFileSystem.allCases.map(\.featureMarker).joined(separator: "\n")

    @Test(
        arguments: [
            (
                [],
                ["error: the '/init' of the init images cannot be executed: it does not exist", "warning: \(noRunc)"]
            ),
            (
                [("init", .file(""))],
                [
                    "error: the '/init' of the init images cannot be executed: it is not executable",
                    "warning: \(noRunc)",
                ]
            ),
            (
                [("init", .program(ProgramFile.bytes(machine: 183))), ("usr/bin/crun", .program(ProgramFile.bytes()))],
                ["warning: the program '/init' of the init images is a program for arm64, not for amd64,"]
            ),
            ([("init", .program(ProgramFile.bytes())), ("usr/bin/containerd", .program(ProgramFile.bytes()))], []),
            ([("init", .file(ProgramFile.head + own, mode: 0o755))], ["error: \(noRunc)"]),
            (
                [
                    ("init", .file(ProgramFile.head + own, mode: 0o755)),
                    ("usr/bin/containerd", .program(ProgramFile.bytes())),
                ],
                ["error: \(noRunc)"]
            ),
            (
                [
                    ("init", .program(ProgramFile.bytes())),
                    ("bin/runc", .program(ProgramFile.bytes(interpreter: "/lib/ld"))),
                ],
                ["warning: the program '/bin/runc' of the init images needs the loader '/lib/ld', which does not exist"]
            ),
            (
                [
                    ("init", .program(ProgramFile.bytes())), ("bin/runc", .program(ProgramFile.bytes())),
                    ("var", .directory()),
                    ("var/lib", .directory()), ("var/lib/a", .file("")), ("var/lib/b", .file("")),
                ],
                [
                    "warning: a tmpfs hides '/var/lib/a' and 1 more of init image 'test/init:1' at run time"
                ]
            ),
            (
                [
                    ("init", .program(ProgramFile.bytes())), ("bin/runc", .program(ProgramFile.bytes())),
                    ("etc", .directory()),
                    ("etc/moby", .directory()), ("etc/moby/sentinel", .directory()), ("etc/moby/sentinel/x", .file("")),
                ],
                [
                    "error: '/etc/moby/sentinel' is a directory in 'test/init:1', where the build puts the file "
                        + "that marks a complete initrd"
                ]
            ),
            (
                [
                    ("init", .program(ProgramFile.bytes())), ("bin/runc", .program(ProgramFile.bytes())),
                    ("etc", .directory()),
                    ("etc/moby", .directory()), ("etc/moby/sentinel", .link("/etc/shadow")),
                ],
                [
                    "error: '/etc/moby/sentinel' is a symbolic link in 'test/init:1', where the build puts the file "
                        + "that marks a complete initrd"
                ]
            ),
        ] as [([(String, Workshop.Entry)], [String])])
    func initImages(_ initial: [(String, Workshop.Entry)], _ expected: [String]) async throws {
        let result = try await Self.result("", initial: initial)
        #expect(result.diagnostics.map { "\($0.severity.rawValue): \($0.message)" }.sorted() == expected.sorted())
    }

    private static let noRunc = "the init images have no runc, and 'web' is a container"

    /// What lint says, a build says, and nothing is written when warnings are errors.
    @Test func aBuildSaysTheSame() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            try workshop.image("test/tool:1", Self.files)
            let yaml = """
                kernel: {image: "test/kernel:1", tar: none}
                init: ["test/init:1"]
                services:
                  - {name: web, image: "test/tool:1", command: [noloader], binds: ["/opt/x:/y"]}
                files:
                  - {path: var/x, contents: a}
                  - {path: k, source: /none, optional: true}
                """
            let spec = try workshop.spec(yaml)
            let lint = try await Linter(store: workshop.store, options: workshop.options()).check(spec)
            #expect(lint.diagnostics.count == 3 && lint.notes.count == 1)
            let strict = Builder(store: workshop.store, options: workshop.options { $0.isStrict = true })
            let error = await #expect(throws: SpecError.self) { _ = try await strict.build(spec) }
            #expect(error?.diagnostics.map(\.message).sorted() == lint.diagnostics.map(\.message).sorted())
            #expect(error?.diagnostics.allSatisfy { $0.severity == .error } == true)
            #expect((try? workshop.read(workshop.folder + "/out/web-kernel")) == nil)
            let builder = Builder(store: workshop.store, options: workshop.options())
            // The second build has the facts from the cache.
            for _ in 0..<2 {
                let result = try await builder.build(spec)
                #expect(Set(result.warnings) == Set(lint.diagnostics) && result.notes == lint.notes)
            }
        }
    }

    @Test func aMissingSourceIsAnErrorOfTheBuildAlone() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let spec = try workshop.spec(
                "kernel: {image: \"test/kernel:1\", tar: none}\ninit: [\"test/init:1\"]\nfiles: [{path: a, source: /none}]\n"
            )
            let message = "source '/none': No such file or directory"
            let lint = try await Linter(store: workshop.store, options: workshop.options()).check(spec)
            #expect(lint.diagnostics.map { "\($0.severity.rawValue) \($0.message)" } == ["warning \(message)"])
            let builder = Builder(store: workshop.store, options: workshop.options())
            let error = await #expect(throws: SpecError.self) { _ = try await builder.build(spec) }
            #expect(error?.diagnostics.map { "\($0.severity.rawValue) \($0.message)" } == ["error \(message)"])
        }
    }

    @Test(arguments: [("kernel: {image: \"test/kernel:1\", tar: none}", "init"), ("init: [\"test/init:1\"]", "kernel")])
    func aBuildWithoutWhatBootsIsAnError(_ yaml: String, _ missing: String) async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let builder = Builder(store: workshop.store, options: workshop.options())
            let spec = try workshop.spec(yaml)
            let error = await #expect(throws: SpecError.self) { _ = try await builder.build(spec) }
            #expect(error?.diagnostics.map(\.message) == ["format 'kernel+initrd' cannot boot without '\(missing)'"])
            let tar = Builder(store: workshop.store, options: workshop.options { $0.formats = ["tar"] })
            #expect(try await tar.build(spec).files.count == 1)
        }
    }
}
