import Archive
import Extents
import FoundationEssentials
import JSON
import MobySpec
import OCI
import TestSupport
import Testing

@testable import MobyBuild

struct BuilderTests {
    static let yaml = """
        kernel:
          image: test/kernel:1
          cmdline: console=ttyS0
        init:
          - test/init:1
          - test/runc:1
        onboot:
          - name: sysctl
            image: test/tool:1
        services:
          - name: web
            image: test/nginx:1
            readonly: true
          - name: second
            image: test/nginx:1
        volumes:
          - name: data
            image: test/tool:1
          - name: blank
        files:
          - path: etc/motd
            contents: hello
            mode: "0644"
        """

    /// The images of ``yaml`` in a store.
    static func fill(_ workshop: Workshop) throws {
        try workshop.image(
            "test/kernel:1",
            [
                ("kernel", .file("KERNEL")), ("kernel.tar", .file(modules())),
                ("config", .file("CONFIG_X=m\nCONFIG_RD_ZSTD=y\n")),
                ("intel-ucode.cpio", .file("070701...ucode")),
            ])
        try workshop.image(
            "test/init:1",
            [
                ("bin", .link("usr/bin")), ("lib", .link("usr/lib")), ("usr", .directory()), ("usr/bin", .directory()),
                ("usr/lib", .directory()),
                ("usr/bin/init", .file(ProgramFile.head + "INIT", mode: 0o755)), ("init", .hard("usr/bin/init")),
                ("etc", .directory(mode: 0o711)),
            ])
        try workshop.image(
            "test/runc:1",
            [
                ("usr", .directory()), ("usr/bin", .directory()),
                ("usr/bin/runc", .file(ProgramFile.head + "RUNC", mode: 0o755)),
            ])
        try workshop.image(
            "test/tool:1", [("bin/tool", .file(ProgramFile.head + "TOOL", mode: 0o755))],
            label: #"{"capabilities":["CAP_SYS_ADMIN"]}"#
        ) {
            $0.entrypoint = ["/bin/tool"]
        }
        try workshop.image(
            "test/nginx:1",
            [
                ("usr/sbin/nginx", .file(ProgramFile.head + "NGINX", mode: 0o755, uid: 33)),
                ("usr/sbin/other", .hard("usr/sbin/nginx")),
                ("etc/passwd", .file("www:x:33:34::/:\n")),
            ]
        ) {
            $0.cmd = ["nginx"]
            $0.user = "www"
        }
    }

    private static func modules() throws -> String {
        let tree = try Workshop.tree([
            ("lib", .directory()), ("lib/modules", .directory()), ("lib/modules/6.1", .directory()),
            ("lib/modules/6.1/modules.dep", .file("")),
        ])
        return String(decoding: try Workshop.tar(tree), as: UTF8.self)
    }

    @Test func kernelAndInitrd() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let result = try await Builder(store: workshop.store, options: workshop.options()).build(
                workshop.spec(Self.yaml))
            let out = workshop.folder + "/out/web"
            #expect(result.files.map(\.path) == ["\(out)-kernel", "\(out)-initrd.img", "\(out)-cmdline"])
            #expect(try workshop.read("\(out)-kernel") == Array("KERNEL".utf8))
            #expect(try workshop.read("\(out)-cmdline") == Array("console=ttyS0".utf8))
            #expect(
                result.segments.map(\.key.role.rawValue) == [
                    "modules", "init", "init", "image", "image", "volume", "spec", "sentinel",
                ])
            #expect(result.segments.allSatisfy { !$0.isHit })
            #expect(result.warnings == [])
            let listing = try result.segments.map { "\($0.key.role) \($0.title)\n" + (try $0.listing) }
                .joined()
            // Image trees are named by digest, which a golden text must not depend on.
            let images = result.segments.filter { $0.key.role == .image }.map {
                ($0.key.destination.dropFirst(1), $0.title)
            }
            let neutral = images.reduce(listing) { text, image in
                text.split(separator: image.0, omittingEmptySubsequences: false).joined(
                    separator: "images/" + image.1.dropFirst(5))
            }
            let whole = try ExtentReader.bytes(of: .concatenating(result.segments.map(\.bytes)))
            #expect(try workshop.read("\(out)-initrd.img") == whole)
            #expect(whole.count % 4 == 0)
            #expect(try Golden.difference(neutral, "initrd.txt") == nil)
            let summary = try #require(try BuildRecord.read(prefix: out))
            #expect(
                summary.minMemoryMiB == result.minMemory
                    && summary.files.map(\.name) == ["web-kernel", "web-initrd.img", "web-cmdline"])
        }
    }

    /// A record says which values a build depended on; one without variables is as it always was.
    @Test func variablesAreRecorded() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let builder = Builder(store: workshop.store, options: workshop.options())
            let text = "variables: {GREETING: hello, NAME: unused}\n"
            _ = try await builder.build(workshop.spec(text + Self.yaml.replacing("hello", with: "${GREETING}")))
            let record = try #require(try BuildRecord.read(prefix: workshop.folder + "/out/web"))
            #expect(record.variables == ["GREETING": "hello"])
            let initrd = try workshop.read(workshop.folder + "/out/web-initrd.img")
            _ = try await builder.build(workshop.spec(Self.yaml))
            #expect(try BuildRecord.read(prefix: workshop.folder + "/out/web")?.variables == nil)
            #expect(try workshop.read(workshop.folder + "/out/web-initrd.img") == initrd)
        }
    }

    @Test func aWarmBuildTakesEverySegmentFromTheCache() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let builder = Builder(store: workshop.store, options: workshop.options())
            _ = try await builder.build(workshop.spec(Self.yaml))
            let first = try workshop.read(workshop.folder + "/out/web-initrd.img")
            // From layers of zeros nothing could be made again.
            for name in try TestFile.names(in: workshop.store.path + "/layers") {
                let path = workshop.store.path + "/layers/" + name
                try Data(count: workshop.read(path).count).write(to: URL(filePath: path))
            }
            let again = try await builder.build(workshop.spec(Self.yaml))
            #expect(again.segments.allSatisfy { $0.isHit })
            #expect(try workshop.read(workshop.folder + "/out/web-initrd.img") == first)
        }
    }

    @Test func editingACommandMakesOneSegmentAnew() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let builder = Builder(store: workshop.store, options: workshop.options())
            _ = try await builder.build(workshop.spec(Self.yaml))
            let edited = Self.yaml.split(separator: "readonly: true").joined(separator: "command: [nginx, -t]")
            let result = try await builder.build(workshop.spec(edited))
            #expect(result.segments.filter { !$0.isHit }.map(\.key.role) == [.spec])
        }
    }

    /// By the program: umask and time zone belong to a process.
    @Test func sameBytesInAnyFolderUmaskAndTimeZone() async throws {
        func build(_ zone: String, umask: String) async throws -> [[UInt8]] {
            try await Workshop.with { workshop in
                try Self.fill(workshop)
                try TestFile.write(Self.yaml, to: workshop.folder + "/web.yml")
                let arguments = [
                    "build", "--offline", "--cache", workshop.store.path, "--arch", "amd64", "--dir", "out", "--format",
                    "kernel+initrd,tar,tar-kernel-initrd", "web.yml",
                ]
                let ended = try EndedProcess(
                    "sh", ["-c", "umask \(umask); exec \"$@\"", "sh", try Program.path()] + arguments,
                    folder: workshop.folder,
                    environment: ["TZ": zone])
                #expect(ended.status == 0, "\(ended.complaint)")
                let names = try TestFile.names(in: workshop.folder + "/out")
                return try names.map { try workshop.read("\(workshop.folder)/out/\($0)") }
            }
        }
        let (one, two) = (try await build("UTC", umask: "022"), try await build("Asia/Tokyo", umask: "077"))
        #expect(one.count == 7)
        #expect(one == two)
    }

    @Test func microcodeComesFirstAndPlain() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let yaml = Self.yaml.split(separator: "  cmdline:").joined(
                separator: "  ucode: intel-ucode.cpio\n  cmdline:")
            let result = try await Builder(store: workshop.store, options: workshop.options()).build(
                workshop.spec(yaml))
            let bytes = try workshop.read(workshop.folder + "/out/web-initrd.img")
            #expect(bytes.starts(with: Array("070701...ucode".utf8) + [0, 0]))
            #expect(result.segments.first?.key.role == .microcode)
        }
    }

    @Test func tarSaysWhereEachEntryIsFrom() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let options = workshop.options { $0.formats = ["tar"] }
            let result = try await Builder(store: workshop.store, options: options).build(workshop.spec(Self.yaml))
            let path = workshop.folder + "/out/web.tar"
            #expect(result.files.map(\.path) == [path])
            let images = Set(result.segments.map(\.key.destination))
            #expect(!images.contains { $0.hasPrefix("/images/") }, "container images are not encoded for a tar")
            var text = try Oracle("bsdtar").output(["-tvf", path])
            for name in ["test/nginx:1", "test/tool:1"] {
                let image = try #require(
                    try workshop.store.image(
                        named: ImageReference(name).description, platform: Platform(architecture: "amd64")))
                text = text.split(separator: image.guestTree, omittingEmptySubsequences: false).joined(
                    separator: "images/" + name.dropFirst(5))
            }
            #expect(try Golden.difference(text, "tar.txt") == nil)
            let records = try workshop.read(path)
            for record in [
                "LINUXKIT.source=test/nginx:1\n", "LINUXKIT.location=services[0]\n", "LINUXKIT.location=init[1]\n",
                "LINUXKIT.source=linuxkit.files\n",
            ] {
                #expect(records.contains(record), "\(record)")
            }
        }
    }

    @Test func outputGoesToOneFile() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let options = workshop.options { $0.output = workshop.folder + "/root.tar" }
            let result = try await Builder(store: workshop.store, options: options).build(workshop.spec(Self.yaml))
            #expect(result.files.map(\.path) == [workshop.folder + "/root.tar"])
            #expect(!FileManager.default.fileExists(atPath: workshop.folder + "/out"))
        }
    }

    @Test func nothingIsWrittenWhenSomethingIsWrong() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let yaml = Self.yaml + "\n  - path: usr/bin/init/x\n    contents: x\n"
            let builder = Builder(store: workshop.store, options: workshop.options())
            let error = await #expect(throws: SpecError.self) { _ = try await builder.build(workshop.spec(yaml)) }
            #expect(
                error?.diagnostics.first?.message.hasPrefix(
                    "'/usr/bin/init' is a file in 'test/init:1' and a directory in 'files'") == true
            )
            #expect(!FileManager.default.fileExists(atPath: workshop.folder + "/out"))
        }
    }

    @Test func attributesThatAreLostAreTold() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let attribute = FileTree.Attribute(name: "security.capability", value: [1, 0, 0, 2])
            try workshop.image("test/ping:1", [("ping", .file(ProgramFile.head, mode: 0o755, attributes: [attribute]))])
            {
                $0.cmd = ["/ping"]
            }
            let spec = try workshop.spec(Self.yaml.split(separator: "test/nginx:1").joined(separator: "test/ping:1"))
            let result = try await Builder(store: workshop.store, options: workshop.options()).build(spec)
            #expect(
                result.warnings.map(\.message) == [
                    "1 file of 'test/ping:1' has extended attributes, which an initrd cannot carry"
                ])
        }
    }

    @Test func explainFindsTheContainer() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let builder = Builder(store: workshop.store, options: workshop.options())
            let spec = try workshop.spec(Self.yaml)
            let explanation = try await builder.explain(spec, name: "web")
            #expect(explanation.placement.bundle == "/containers/services/web")
            #expect(explanation.config.config.json["process"]?["user"]?["uid"] == .integer(33))
            let error = await #expect(throws: BuildError.self) { _ = try await builder.explain(spec, name: "wev") }
            #expect(error?.hint == "did you mean 'web'? containers: sysctl, web, second")
        }
    }
}

extension [UInt8] {
    /// Whether these bytes have a text in them.
    func contains(_ text: String) -> Bool {
        firstRange(of: Array(text.utf8)) != nil
    }
}

extension Builder {
    func build(_ spec: Spec) async throws -> BuildResult { try await build(spec, BuildPlan(spec, options)) }
}
