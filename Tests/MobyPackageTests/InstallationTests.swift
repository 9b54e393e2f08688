import Foundation
import MobyBuild
import MobySpec
import OCI
import TestSupport
import Testing

@testable import MobyPackage

/// Where definitions and guest programs are found, and which folder a name means.
@Suite struct InstallationTests {
    private static func files(_ paths: [String], in folder: String) throws {
        for path in paths { try TestFile.write("image: x\n", to: "\(folder)/\(path)") }
    }

    private static func builder(_ path: String, _ recorded: RecordedProgress? = nil) throws -> PackageBuilder {
        var store = try ContentStore(path: path)
        if let recorded { store.progress = recorded.reporter }
        return PackageBuilder(store: store, products: Products(folder: "/"), options: .init(environment: [:]))
    }

    private static let tree = [
        "pkg/init/build.yml", "pkg/nginx/build.yml", "pkg/README", "kernel/build.yml", "kernel/all/build.yml",
    ]

    @Test func prefixIsFoundFromTheProgram() throws {
        try withTemporaryDirectory { folder in
            try Self.files(Self.tree.map { "share/moby/\($0)" } + ["lib/moby/init"], in: folder)
            let installation = try Installation(executable: "\(folder)/bin/moby", environment: [:])
            #expect(installation.origin == .prefix)
            #expect(installation.share == "\(folder)/share/moby")
            #expect(installation.products == "\(folder)/lib/moby")
            #expect(try installation.names() == ["init", "kernel", "kernel-all", "nginx"])
            let folders = ["nginx", "kernel", "kernel-all", "kernel/all"].map { try? installation.folder(of: $0) }
            #expect(
                folders == ["pkg/nginx", "kernel", "kernel/all", "kernel/all"].map { "\(folder)/share/moby/\($0)" })
        }
    }

    @Test func checkoutIsFoundFromTheProgram() throws {
        try withTemporaryDirectory { folder in
            try Self.files(Self.tree + ["Package.swift"], in: folder)
            let program = "\(folder)/.build/x86_64-unknown-linux-gnu/debug/moby"
            let installation = try Installation(executable: program, environment: [:])
            #expect(installation.origin == .checkout)
            #expect(installation.share == folder)
            #expect(installation.products == "\(folder)/.build/release")
        }
    }

    @Test func variablesWin() throws {
        try withTemporaryDirectory { folder in
            try Self.files(Self.tree.map { "share/moby/\($0)" } + ["mine/pkg/web/build.yml"], in: folder)
            let installation = try Installation(
                executable: "\(folder)/bin/moby",
                environment: ["MOBY_SHARE": "\(folder)/mine/", "MOBY_PRODUCTS": "/products"])
            #expect(installation.origin == .environment)
            #expect(installation.products == "/products")
            #expect(try installation.names() == ["web"])
        }
    }

    /// On the release that the definitions are for, the machine's own sources and mirrors count.
    @Test(arguments: [
        ("ID=debian\nVERSION_CODENAME=bookworm\n", true), ("VERSION_CODENAME=\"bookworm\"\nID=\"debian\"\n", true),
        ("ID=debian\nVERSION_CODENAME=trixie\n", false), ("ID=ubuntu\nVERSION_CODENAME=bookworm\n", false), ("", false),
    ])
    func otherHostsUseTheDefinitionsSources(system: String, usesHost: Bool) throws {
        try withTemporaryDirectory { folder in
            try Self.files(Self.tree.map { "share/moby/\($0)" }, in: folder)
            let installation = try Installation(executable: "\(folder)/bin/moby", environment: [:])
            if !system.isEmpty { try TestFile.write(system, to: "\(folder)/os-release") }
            #expect(try installation.aptSources(system: "\(folder)/os-release") == nil)
            let file = "\(folder)/share/moby/pkg/bookworm.sources"
            try TestFile.write("Types: deb\n", to: file)
            #expect(try installation.aptSources(system: "\(folder)/os-release") == (usesHost ? nil : file))
        }
    }

    @Test func programAloneHasNone() throws {
        try withTemporaryDirectory { folder in
            let alone = try Installation(executable: "\(folder)/bin/moby", environment: [:])
            #expect(alone.share == nil)
            #expect(alone.products == "\(folder)/bin")
            #expect(throws: InstallationError.none(expected: "\(folder)/share/moby")) { try alone.names() }
            let empty = try Installation(executable: "\(folder)/bin/moby", environment: ["MOBY_SHARE": folder])
            #expect(throws: InstallationError.empty(folder)) { try empty.folder(of: "init") }
        }
    }

    @Test(arguments: [
        ("ngnix", "did you mean 'nginx'?"), ("zzz", "it has init, kernel, kernel-all, nginx"),
        ("../pkg/init", "it has init, kernel, kernel-all, nginx"), ("README", "it has init, kernel, kernel-all, nginx"),
        ("kernel/none", "did you mean 'kernel-all'?"), ("", "it has init, kernel, kernel-all, nginx"),
    ])
    func unknownNamesGetAHint(name: String, hint: String) throws {
        try withTemporaryDirectory { folder in
            try Self.files(Self.tree.map { "share/moby/\($0)" }, in: folder)
            let installation = try Installation(executable: "\(folder)/bin/moby", environment: [:])
            #expect(try !installation.has(name))
            let error = #expect(throws: InstallationError.self) { try installation.folder(of: name) }
            #expect(error?.description == "moby has no system image '\(name)'")
            #expect(name == "kernel/none" || error?.hint == hint, "\(error?.hint ?? "")")
        }
    }

    @Test(arguments: [
        ("[]", "expected an object with 'repository' and 'digests'"),
        (#"{"repository": "ghcr.io/acme/moby"}"#, "expected an object with 'repository' and 'digests'"),
        (#"{"repository": "A B", "digests": {}}"#, "repository: "),
        (#"{"repository": "a/b", "digests": {"x:1": "sha256:0"}}"#, "the value of 'x:1' is not 'sha256:'"),
        ("{", "x.json"),
    ])
    func wrongListsOfImagesAreErrors(text: String, reason: String) {
        let error = #expect(throws: BuildError.self) {
            try PublishedImages(parsing: Array(text.utf8), file: "/x.json")
        }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test func publishedImagesAreFoundByTheirTag() throws {
        let digest = "sha256:" + String(repeating: "a", count: 64)
        let text = #"{"repository": "ghcr.io/acme/moby", "digests": {"nginx:1": "\#(digest)"}}"#
        let images = try PublishedImages(parsing: Array(text.utf8), file: "x")
        #expect(images.source(of: "localhost/moby/nginx:1") == "ghcr.io/acme/moby/nginx@\(digest)")
        #expect(images.source(of: "localhost/moby/nginx:2") == nil)
        #expect(images.source(of: "docker.io/moby/nginx:1") == nil)
    }

    /// With a registry nothing is built: another store gets the same image, under its local name.
    @Test func publishedImagesArePulled() async throws {
        try await withTemporaryDirectory { folder in
            let text = "image: box\nfiles: [{path: a, contents: b}]\n"
            try TestFile.write(text, to: "\(folder)/share/moby/pkg/box/build.yml")
            let installation = try Installation(executable: "\(folder)/bin/moby", environment: [:])
            let built = try await Self.builder("\(folder)/one").build(installation.folder(of: "box")).image
            try await DockerRegistry.with(in: folder) { registry in
                let repository = "\(registry.host)/acme/moby"
                let tag = built.name.dropFirst("localhost/moby/".count)
                _ = try await ImageProvider(store: Self.builder("\(folder)/one").store, options: .init()).push(
                    built.name, to: "\(repository)/\(tag)")
                try TestFile.write(
                    #"{"repository": "\#(repository)", "digests": {"\#(tag)": "\#(built.digest)"}}"#,
                    to: "\(folder)/share/moby/images.json")
                let recorded = RecordedProgress()
                let other = try Self.builder("\(folder)/two", recorded)
                let resolver = PackageResolver(other, installation: installation, provider: .init())
                let reference = try resolver.reference(of: .installed("box"))
                #expect(try resolver.missing([reference]) == [.installed("box")])
                let image = try await resolver.image(reference)
                #expect(image?.digest == built.digest)
                #expect(try other.store.entries().map(\.name) == [built.name])
                #expect(recorded.lines.contains { $0.contains("\(repository)/box@\(built.digest)") })
                #expect(try resolver.missing([reference]).isEmpty)
            }
        }
    }

    /// Debian keeps only the newest version of a package, and the installation is not the user's to change.
    @Test func replacedPackagesAreResolvedAgain() async throws {
        try await withTemporaryDirectory { folder in
            let archive = try LocalArchive(folder)
            try archive.add("tool", version: "1", files: ["usr/bin/tool": "t"])
            let package = "\(folder)/share/moby/pkg/box"
            try TestFile.write("image: box\npackages: [tool]\n", to: "\(package)/build.yml")
            let recorded = RecordedProgress()
            func builder() throws -> PackageBuilder {
                var store = try ContentStore(path: "\(folder)/store")
                store.progress = recorded.reporter
                var options = PackageBuilder.Options(environment: archive.environment)
                options.definitions = "\(folder)/share/moby"
                options.replacesLocks = true
                return PackageBuilder(store: store, products: Products(folder: "/"), options: options)
            }
            var developer = PackageBuilder.Options(environment: archive.environment)
            developer.update = true
            _ = try await PackageBuilder(
                store: ContentStore(path: "\(folder)/other"), products: Products(folder: "/"), options: developer
            ).build(package)
            let lock = try TestFile.read("\(package)/build.lock")
            try archive.remove("tool", version: "1")
            try archive.add("tool", version: "2", files: ["usr/bin/tool": "new"])

            let installation = try Installation(executable: "\(folder)/bin/moby", environment: [:])
            let resolver = try PackageResolver(builder(), installation: installation, provider: .init())
            let before = try resolver.reference(of: .installed("box"))
            let image = try #require(try await resolver.image(before))
            #expect(image.name != before)
            #expect(resolver.installed.map(\.reference) == [image.name])
            #expect(
                recorded.lines.contains {
                    $0.hasPrefix("warning: box: the Debian archive no longer offers 'tool' 1 (it has 2 now);")
                })
            #expect(try TestFile.read("\(package)/build.lock") == lock)

            // From now on that is its image, also for another process, until the definition changes.
            let later = try PackageResolver(builder(), installation: installation, provider: .init())
            #expect(try later.reference(of: .installed("box")) == image.name)
            #expect(try later.missing([image.name]).isEmpty)
            let name = try #require(
                FileManager.default.contentsOfDirectory(atPath: "\(folder)/store/debs").first { $0.hasSuffix(".lock") })
            try TestFile.write("\u{1} damaged", to: "\(folder)/store/debs/\(name)")
            #expect(try await builder().build(package).image.name == image.name)
            try TestFile.write("image: box\npackages: [tool]\ncmd: [/x]\n", to: "\(package)/build.yml")
            #expect(try builder().reference(of: package) != image.name)
        }
    }

    /// A changed definition has another tag; the summary is for people.
    @Test func imagesAreListedWithTheirState() async throws {
        try await withTemporaryDirectory { folder in
            try TestFile.write(
                "# A box: small.\nimage: box\nfiles: [{path: a, contents: b}]\n",
                to: "\(folder)/share/moby/pkg/box/build.yml")
            try TestFile.write(
                "image: far\narches: [riscv64]\nfiles: [{path: a, contents: b}]\n",
                to: "\(folder)/share/moby/pkg/far/build.yml")
            let installation = try Installation(executable: "\(folder)/bin/moby", environment: [:])
            let builder = try Self.builder("\(folder)/store")
            let before = try installation.images(of: builder)
            #expect(before.map(\.name) == ["box", "far"])
            #expect(before[0].summary == "A box")
            #expect(before[0].digest == nil)
            #expect(before[1].reference == nil)
            #expect(before[1].summary.contains("only for riscv64"))
            let image = try await builder.build(installation.folder(of: "box")).image
            #expect(try installation.images(of: builder)[0].digest == image.digest.description)
        }
    }
}
