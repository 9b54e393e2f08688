import Archive
import Extents
import Foundation
import MobyBuild
import MobySpec
import OCI
import TestSupport
import Testing

@testable import MobyPackage

@Suite struct PackageBuilderTests {
    private func write(_ text: String, _ path: String, executable: Bool = false) throws {
        let url = URL(filePath: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: executable ? 0o755 : 0o600], ofItemAtPath: path)
    }

    private func package(in folder: String) throws {
        try write(
            """
            image: web
            cmd: [/bin/web]
            env: ["A=b"]
            user: "33"
            labels: {maintainer: nobody}
            config: {net: host, capabilities: []}
            products: {init: /init}
            files:
              - {path: bin/web, source: web}
              - {path: etc/conf, source: conf}
              - {path: etc/text, contents: hello, mode: "0600", uid: 1, gid: 2}
              - {path: tmp, directory: true, mode: "1777"}
              - {paths: links, symlink: /bin/web}
            """, "\(folder)/build.yml")
        try write("#!web\n", "\(folder)/web", executable: true)
        try write("x\n", "\(folder)/conf/a/x")
        try write("y\n", "\(folder)/conf/y")
        try write("# links\nusr/bin/one\nusr/bin/two\n", "\(folder)/links")
        try write("binary", "\(folder)/../products/init", executable: true)
    }

    private func builder(_ directory: String, store: String = "store", epoch: String? = nil) throws -> PackageBuilder {
        PackageBuilder(
            store: try ContentStore(path: "\(directory)/\(store)"),
            products: Products(folder: "\(directory)/products"),
            options: .init(environment: epoch.map { ["SOURCE_DATE_EPOCH": $0] } ?? [:]))
    }

    @Test func imageHoldsWhatTheFileSays() async throws {
        try await withTemporaryDirectory { directory in
            try package(in: "\(directory)/pkg")
            let builder = try builder(directory)
            let outcome = try await builder.build("\(directory)/pkg")
            #expect(outcome.isNew)
            #expect(try outcome.image.name == builder.reference(of: "\(directory)/pkg"))
            #expect(outcome.image.name.hasPrefix("localhost/moby/web:"))
            let config = try #require(outcome.image.config.config)
            #expect(config.cmd == ["/bin/web"])
            #expect(config.env == ["A=b"])
            #expect(config.user == "33")
            #expect(config.entrypoint == nil)
            #expect(
                config.labels == [
                    "maintainer": "nobody", "org.mobyproject.config": #"{"net":"host","capabilities":[]}"#,
                ])
            let tree = try FileTree.flatten(layers: builder.store.uncompressedLayers(of: outcome.image))
            let expected = """
                l0777 0:0 bin
                d0755 0:0 etc
                d0755 0:0 etc/conf
                d0755 0:0 etc/conf/a
                f0644 0:0 etc/conf/a/x
                f0644 0:0 etc/conf/y
                f0600 1:2 etc/text
                f0755 0:0 init
                l0777 0:0 lib
                l0777 0:0 lib64
                l0777 0:0 sbin
                d1777 0:0 tmp
                d0755 0:0 usr
                d0755 0:0 usr/bin
                l0777 0:0 usr/bin/one
                l0777 0:0 usr/bin/two
                f0755 0:0 usr/bin/web
                d0755 0:0 usr/lib
                d0755 0:0 usr/lib64
                d0755 0:0 usr/sbin
                """
            #expect(tree.listing.joined(separator: "\n") == expected)
        }
    }

    @Test func sameInputsGiveTheSameDigest() async throws {
        try await withTemporaryDirectory { directory in
            try package(in: "\(directory)/pkg")
            try package(in: "\(directory)/elsewhere/deep/pkg")
            let first = try await builder(directory).build("\(directory)/pkg").image
            let second = try await builder(directory, store: "other").build("\(directory)/elsewhere/deep/pkg/").image
            #expect(first.digest == second.digest)
            #expect(first.name == second.name)
            let later = try await builder(directory, store: "other", epoch: "1700000000").build("\(directory)/pkg")
                .image
            #expect(first.digest != later.digest && first.name != later.name)
        }
    }

    @Test func nothingIsDoneTwice() async throws {
        try await withTemporaryDirectory { directory in
            try package(in: "\(directory)/pkg")
            var builder = try builder(directory)
            #expect(try await builder.build("\(directory)/pkg").isNew)
            #expect(try await !builder.build("\(directory)/pkg").isNew)
            var options = builder.options
            options.force = true
            builder = PackageBuilder(store: builder.store, products: builder.products, options: options)
            #expect(try await builder.build("\(directory)/pkg").isNew)
        }
    }

    /// An image that an earlier moby built as `docker.io/moby/…` is taken as it is and renamed.
    @Test func imageWithItsFormerNameIsNotBuiltAgain() async throws {
        try await withTemporaryDirectory { directory in
            try package(in: "\(directory)/pkg")
            let builder = try builder(directory)
            let image = try await builder.build("\(directory)/pkg").image
            let former = image.name.replacing("localhost/", with: "docker.io/")
            try builder.store.set(former, to: try #require(try builder.store.descriptor(named: image.name)))
            _ = try builder.store.remove(image.name)
            let again = try await builder.build("\(directory)/pkg")
            #expect(!again.isNew && again.image.name == image.name && again.image.digest == image.digest)
            #expect(try builder.store.entries().map(\.name) == [image.name])
        }
    }

    @Test(arguments: ["image: t", "org: acme\nimage: t", "org: ghcr.io/acme\nimage: t"])
    func namesBeginWithTheOrganisation(text: String) throws {
        try withTemporaryDirectory { directory in
            try write("\(text)\nfiles: [{path: x, contents: y}]\n", "\(directory)/pkg/build.yml")
            let name = try builder(directory).reference(of: "\(directory)/pkg").split(separator: ":")[0]
            let expected =
                ["image: t": "localhost/moby/t", "org: acme\nimage: t": "docker.io/acme/t"][text] ?? "ghcr.io/acme/t"
            #expect(name == expected)
        }
    }

    @Test(arguments: ["build.yml", "web", "conf/a/x", "links", "../products/init"])
    func tagChangesWithEachInput(file: String) async throws {
        try await withTemporaryDirectory { directory in
            try package(in: "\(directory)/pkg")
            let builder = try builder(directory)
            let before = try builder.reference(of: "\(directory)/pkg")
            let handle = try #require(FileHandle(forWritingAtPath: "\(directory)/pkg/\(file)"))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("\nusr/bin/more: {}".utf8.prefix(file == "build.yml" ? 1 : 99)))
            try handle.close()
            #expect(try builder.reference(of: "\(directory)/pkg") != before)
        }
    }

    @Test func tagChangesWithTheExecutableBitAndNotWithOtherBits() async throws {
        try await withTemporaryDirectory { directory in
            try package(in: "\(directory)/pkg")
            let builder = try builder(directory)
            let before = try builder.reference(of: "\(directory)/pkg")
            try FileManager.default.setAttributes([.posixPermissions: 0o744], ofItemAtPath: "\(directory)/pkg/web")
            #expect(try builder.reference(of: "\(directory)/pkg") == before)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(directory)/pkg/web")
            #expect(try builder.reference(of: "\(directory)/pkg") != before)
        }
    }

    @Test func resolverBuildsWhatTheStoreLacks() async throws {
        try await withTemporaryDirectory { directory in
            try package(in: "\(directory)/pkg")
            let builder = try builder(directory)
            let resolver = try PackageResolver(
                builder, installation: Installation(executable: "/nowhere/bin/moby", environment: [:]),
                provider: .init())
            let reference = try resolver.reference(of: .folder("\(directory)/pkg"))
            #expect(try builder.store.image(named: reference, platform: .host) == nil)
            #expect(try await resolver.image(reference)?.name == reference)
            #expect(try builder.store.image(named: reference, platform: .host) != nil)
            #expect(try await resolver.image("docker.io/library/nginx:latest") == nil)
        }
    }

    @Test func missingProductIsNamed() async throws {
        try await withTemporaryDirectory { directory in
            try package(in: "\(directory)/pkg")
            try FileManager.default.removeItem(atPath: "\(directory)/products/init")
            let error = await #expect(throws: BuildError.self) {
                try await builder(directory).build("\(directory)/pkg")
            }
            #expect(
                error.map(String.init(describing:))
                    == "the image needs the program 'init', which is not in '\(directory)/products'")
            #expect(error?.hint?.contains("--products or MOBY_PRODUCTS") == true)
        }
    }

    @Test func unlockedPackagesHaveNoTag() async throws {
        try await withTemporaryDirectory { directory in
            try write("image: t\npackages: [x]\n", "\(directory)/pkg/build.yml")
            let error = #expect(throws: PackageError.self) { try builder(directory).reference(of: "\(directory)/pkg") }
            #expect(error.map(String.init(describing:)) == "'\(directory)/pkg' has Debian packages, but no build.lock")
        }
    }

    @Test func otherArchitecturesAreRefused() async throws {
        try await withTemporaryDirectory { directory in
            try write("image: t\narches: [riscv64]\n", "\(directory)/pkg/build.yml")
            let error = await #expect(throws: PackageError.self) {
                try await builder(directory).build("\(directory)/pkg")
            }
            #expect(
                error.map(String.init(describing:))
                    == "'t' cannot be built for \(Platform.host.architecture), only for riscv64")
        }
    }
}

extension FileTree {
    /// Kind, mode, owner and path of each name.
    fileprivate var listing: [String] {
        paths.compactMap { path in
            guard let node = self[path] else { return nil }
            let kind =
                switch node.kind {
                case .directory: "d"
                case .regular: "f"
                case .symlink: "l"
                default: "?"
                }
            let mode = String(node.mode, radix: 8)
            return "\(kind)\(String(repeating: "0", count: 4 - mode.count))\(mode) \(node.uid):\(node.gid) \(path)"
        }
    }
}
