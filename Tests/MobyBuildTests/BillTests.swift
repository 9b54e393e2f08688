import Archive
import Extents
import JSON
import MobySpec
import OCI
import TestSupport
import Testing

@testable import MobyBuild

/// SBOMs of builds, what records say about their inputs, and the origin of files.
@Suite struct BillTests {
    private static let yaml = """
        kernel: {image: "test/kernel:1", cmdline: console=ttyS0}
        init: ["test/init:1"]
        services:
          - {name: web, image: "test/tool:1"}
          - {name: other, image: "test/tool:1"}
        files:
          - {path: etc/motd, contents: hello}
        """

    private static func fill(_ workshop: Workshop, version: String = "1.0-1") throws {
        let folder = "lib/modules/6.1"
        let modules = try Workshop.tree([
            ("lib", .directory()), ("lib/modules", .directory()), (folder, .directory()),
            ("\(folder)/modules.dep", .file("")),
        ])
        try workshop.image(
            "test/kernel:1",
            [
                ("kernel", .file("KERNEL")), ("kernel.tar", .bytes(Workshop.tar(modules))),
                ("config", .file("CONFIG_RD_ZSTD=y\n")),
            ])
        try workshop.image(
            "test/init:1",
            [
                ("usr", .directory()), ("usr/bin", .directory()), ("usr/bin/runc", .program(ProgramFile.bytes())),
                ("init", .file(ProgramFile.head + "INIT", mode: 0o755)), ("etc", .directory()),
            ])
        try workshop.image(
            "test/tool:1",
            [
                ("bin", .directory()), ("bin/tool", .program(ProgramFile.bytes())), ("bin/link", .link("tool")),
                ("etc", .directory()), ("etc/os-release", .file("ID=debian\nVERSION_ID=\"12\"\n")),
                ("usr", .directory()), ("usr/share", .directory()), ("usr/share/doc", .directory()),
                ("usr/share/doc/tool", .directory()),
                (
                    "usr/share/doc/tool/copyright",
                    .file(
                        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
                            + "Files: *\nCopyright: A\nLicense: Expat\n")
                ),
                ("var", .directory()), ("var/lib", .directory()), ("var/lib/dpkg", .directory()),
                ("var/lib/dpkg/info", .directory()), ("var/lib/dpkg/info/tool.list", .file("/.\n/bin\n/bin/tool\n")),
                (
                    "var/lib/dpkg/status",
                    .file(
                        "Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: \(version)\n"
                            + "Source: tools (9)\nBuilt-Using: libx (= 3)\n")
                ),
            ]
        ) { $0.entrypoint = ["/bin/tool"] }
    }

    private static func build(_ workshop: Workshop, _ change: (inout BuildOptions) -> Void = { _ in }) async throws
        -> BuildResult
    {
        let options = workshop.options {
            $0.sbom = SBOMOptions()
            change(&$0)
        }
        return try await Builder(store: workshop.store, options: options).build(workshop.spec(yaml))
    }

    @Test func databasesOfRPMAreNamed() throws {
        let tree = try Workshop.tree([
            ("usr", .directory()), ("usr/lib", .directory()), ("usr/lib/sysimage", .directory()),
            ("usr/lib/sysimage/rpm", .directory()), ("usr/lib/sysimage/rpm/rpmdb.sqlite", .file("SQLite format 3")),
        ])
        #expect(
            try ImagePackages(tree).problems == [
                "'/usr/lib/sysimage/rpm/rpmdb.sqlite' is a database of RPM, which is not read: its packages are not listed"
            ])
    }

    @Test func documentIsInTheRootAndNextToTheOutputs() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let result = try await Self.build(workshop) { $0.sbom.forms = [.spdx, .cyclonedx] }
            let out = workshop.folder + "/out/web"
            #expect(result.documents == ["\(out).spdx.json", "\(out).cdx.json"])
            #expect(result.files.map(\.path) == ["\(out)-kernel", "\(out)-initrd.img", "\(out)-cmdline"])
            let bytes = try workshop.read("\(out).spdx.json")
            let document = try JSONValue(parsing: bytes)
            let packages = document["packages"]?.array ?? []
            #expect(
                packages.compactMap { $0["name"]?.string } == [
                    "web", "docker.io/test/kernel:1", "docker.io/test/init:1", "docker.io/test/tool:1", "tool",
                ])
            #expect(packages.last?["licenseDeclared"]?.string == "MIT")
            #expect(packages.dropLast().last?["comment"]?.string == "services: web, services: other")
            let segment = try #require(result.segments.first { $0.key.role == .sbom })
            #expect(try segment.listing.contains("sbom.spdx.json"))
            let tree = try CPIO.read(ExtentList(bytes: workshop.read("\(out)-initrd.img")), contents: true)
            let file = try #require(tree.flatMap(\.entries).first { $0.path == TreePath("sbom.spdx.json") })
            guard case .regular(let contents) = file.node.kind else {
                Issue.record("not a file")
                return
            }
            #expect(try ExtentReader.bytes(of: contents) == bytes)
        }
    }

    /// The same images give the same document; its segment alone changes with a package.
    @Test func bytesAreOfTheImages() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            _ = try await Self.build(workshop)
            let path = workshop.folder + "/out/web.spdx.json"
            let first = try workshop.read(path)
            try FolderTree.remove("\(workshop.store.path)/segments")
            let again = try await Self.build(workshop)
            #expect(try workshop.read(path) == first)
            #expect(try await Self.build(workshop).segments.allSatisfy(\.isHit))
            #expect(again.segments.count == 6)
            try Self.fill(workshop, version: "1.0-2")
            let updated = try await Self.build(workshop)
            #expect(try workshop.read(path) != first)
            #expect(updated.segments.filter { !$0.isHit }.map(\.key.role) == [.image, .sbom, .spec, .sentinel])
        }
    }

    @Test func pathsOfTheDocument() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let deep = try await Self.build(workshop) { $0.sbom.path = "usr/share/sbom.json" }
            let segment = try #require(deep.segments.first { $0.key.role == .sbom })
            #expect(try segment.listing.contains("usr/share/sbom.json"))
            let none = try await Self.build(workshop) { $0.sbom = .none }
            #expect(none.documents == [] && !none.segments.contains { $0.key.role == .sbom })
            let error = await #expect(throws: SpecError.self) {
                try await Self.build(workshop) { $0.sbom.path = "etc" }
            }
            #expect(error?.diagnostics.first?.message.contains("where the build puts the SBOM") == true)
        }
    }

    @Test func recordsHaveTheirInputs() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            _ = try await Self.build(workshop) { $0.writesProvenance = true }
            let record = try #require(try BuildRecord.read(prefix: workshop.folder + "/out/web"))
            let inputs = try #require(record.inputs)
            #expect(inputs.images.map(\.reference) == ["test/init:1", "test/kernel:1", "test/tool:1"])
            #expect(inputs.images.allSatisfy { Digest($0.digest) != nil && Digest($0.config) != nil })
            #expect(record.options?.formats == ["kernel+initrd"])
            for file in record.files {
                let bytes = try workshop.read(workshop.folder + "/out/" + file.name)
                #expect(file.sha256 == SHA256.hash(bytes).hex)
            }
            let text = try workshop.read(workshop.folder + "/out/web.provenance.json")
            let statement = try JSONValue(parsing: text)
            #expect(statement["subject"]?.array?.count == 4)
            #expect(
                statement["predicate"]?["buildDefinition"]?["resolvedDependencies"]?.array?.count == 3)
            // The spec of the record is the spec that was built.
            let again = try workshop.spec(inputs.spec)
            _ = try await Builder(store: workshop.store, options: workshop.options { $0.sbom = SBOMOptions() }).build(
                again)
            let second = try #require(try BuildRecord.read(prefix: workshop.folder + "/out/web"))
            #expect(second.segments == record.segments && second.inputs == inputs)
        }
    }

    @Test func filesHaveOrigins() async throws {
        try await Workshop.with { workshop in
            try Self.fill(workshop)
            let builder = Builder(store: workshop.store, options: workshop.options())
            let spec = try workshop.spec(Self.yaml)
            let tools = try await builder.origins(of: "/bin/link", in: spec)
            #expect(tools.map(\.use) == ["services: web", "services: other"])
            #expect(tools.allSatisfy { $0.path.hasSuffix("/bin/tool") && $0.packages == ["tool 1.0-1"] })
            #expect(tools.first?.layer?.count == 1)
            let motd = try await builder.origins(of: "etc/motd", in: spec)
            #expect(motd.map(\.use) == ["files"] && motd.first?.location?.line == 7)
            #expect(try await builder.origins(of: "/init", in: spec).map(\.use) == ["init"])
            await #expect(throws: BuildError.self) { try await builder.origins(of: "/nowhere", in: spec) }
            let sources = try await builder.sourcePackages(of: spec)
            #expect(sources.map { "\($0.name) \($0.version)" } == ["libx 3", "tools 9"])
            #expect(sources.last?.binaries == ["tool 1.0-1 amd64"])
        }
    }
}
