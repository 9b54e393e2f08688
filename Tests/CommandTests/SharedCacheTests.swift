import Extents
import Foundation
import JSON
import OCI
import TestSupport
import Testing

/// Two machines, which are two stores, and a registry on loopback.
struct SharedCacheTests {
    /// A registry with an image, a package folder, a spec of both with a file, and stores.
    fileprivate struct Site: Sendable {
        let folder: String
        let host: String
        let image: SampleImage

        init(_ folder: String, _ registry: DockerRegistry) async throws {
            (self.folder, host) = (folder, registry.host)
            let text = (0..<4000).map { "line \($0)\n" }.joined()
            let programs = ["init", "usr/bin/runc"].map { SampleTar.entry($0, content: Self.program, mode: 0o755) }
            let entries = programs + [SampleTar.entry("usr/share/text", content: Array(text.utf8))]
            image = try SampleImage(layers: [SampleTar.archive(entries)])
            let kernel = try SampleImage(layers: [SampleTar.tar(["kernel": "K"])])
            for (name, image) in [("web", image), ("kernel", kernel)] {
                try image.write(layout: "\(folder)/\(name)")
                try await Oracle.skopeo(
                    "copy", "--dest-tls-verify=false", "oci:\(folder)/\(name):latest",
                    "docker://\(host)/acme/\(name):1")
            }
            try TestFile.write("image: box\nfiles: [{path: a, contents: hello}]\n", to: "\(folder)/pkg/build.yml")
            try TestFile.write(
                """
                kernel: {image: "\(host)/acme/kernel:1", tar: none}
                init: ["\(host)/acme/web:1", "@pkg:pkg"]
                files: [{path: etc/secret, contents: swordfish, mode: "0600"}]

                """, to: "\(folder)/web.yml")
        }

        /// The header of an executable ELF64 file of x86-64, which is enough to be accepted.
        private static let program: [UInt8] =
            [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9) + [2, 0, 62, 0, 1, 0, 0, 0]
            + [UInt8](repeating: 0, count: 8) + [64] + [UInt8](repeating: 0, count: 19)
            + [64, 0, 56, 0, 0, 0, 64, 0, 0, 0, 0, 0]

        var cache: String { "\(host)/team/cache" }

        func moby(_ arguments: [String], store: String, _ environment: [String: String] = [:]) throws -> Program.Result
        {
            try Program.run(
                arguments, in: folder,
                environment: ["MOBY_CACHE": "\(folder)/\(store)", "MOBY_SHARE": "\(folder)/share"].merging(environment)
                { $1 })
        }

        /// Builds into `out-STORE`.
        func build(_ options: [String], store: String, _ environment: [String: String] = [:]) throws -> Program.Result {
            try moby(["build", "--json", "--dir", "out-\(store)"] + options + ["web.yml"], store: store, environment)
        }

        /// The number of a member of the shared cache's report.
        func count(_ name: String, of result: Program.Result) throws -> Int {
            let report = try JSONValue(parsing: Array(result.output.utf8))["sharedCache"]
            return try #require(report?[name]?.integer.flatMap { Int($0) })
        }

        func expectSameOutputs(_ one: String, _ other: String, _ comment: Comment? = nil) throws {
            let names = try TestFile.names(in: "\(folder)/out-\(one)")
            #expect(try TestFile.names(in: "\(folder)/out-\(other)") == names, comment)
            for name in names {
                #expect(
                    try TestFile.read("\(folder)/out-\(one)/\(name)")
                        == TestFile.read("\(folder)/out-\(other)/\(name)"), "\(name)")
            }
        }

        // The registry's own files.
        private var tags: String {
            "\(folder)/registry/docker/registry/v2/repositories/team/cache/_manifests/tags"
        }
        private func blob(_ hex: String) -> String {
            "\(folder)/registry/docker/registry/v2/blobs/sha256/\(hex.prefix(2))/\(hex)/data"
        }

        /// The tag, its manifest and the key's text for a role.
        func entry(_ role: String) throws -> (tag: String, manifest: String, layer: String) {
            for tag in try TestFile.names(in: tags) {
                let digest = try TestFile.text("\(tags)/\(tag)/current/link").dropFirst("sha256:".count)
                let manifest = try TestFile.text(blob(String(digest)))
                guard manifest.contains(#"\"key\":\"role \#(role)\\n"#) else { continue }
                let layers = try JSONValue(parsing: Array(manifest.utf8))["layers"]?.array
                let layer = try #require(layers?.first?["digest"]?.string)
                return (tag, manifest, blob(String(layer.dropFirst("sha256:".count))))
            }
            throw Program.Unexpected(description: "no entry of role \(role)")
        }

        /// Gives a tag another manifest, as someone would who may write to the repository.
        func plant(_ manifest: String, as tag: String) throws {
            let hex = SHA256.hash(Array(manifest.utf8)).hex
            try TestFile.write(manifest, to: blob(hex))
            let folder = "\(tags)/../revisions/sha256/\(hex)"
            for link in ["\(folder)/link", "\(tags)/\(tag)/current/link", "\(tags)/\(tag)/index/sha256/\(hex)/link"] {
                try TestFile.write("sha256:\(hex)", to: link)
            }
        }
    }

    private static func with(_ body: @escaping @Sendable (Site) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            try await DockerRegistry.with(in: folder) { try await body(try await Site(folder, $0)) }
        }
    }

    @Test func anotherMachineNeitherUnpacksNorEncodes() async throws {
        try await Self.with { site in
            let first = try site.build(["--cache-to", site.cache], store: "one")
            #expect(first.status == 0, "\(first.error)")
            let sent = try site.count("sent", of: first)
            #expect(sent >= 5)
            let again = try site.build(["--cache-to", site.cache], store: "one")
            #expect(try site.count("sent", of: again) == 0)
            #expect(try site.count("present", of: again) == sent)

            let second = try site.build([], store: "two", ["MOBY_CACHE_FROM": site.cache])
            #expect(second.status == 0, "\(second.error)")
            try site.expectSameOutputs("one", "two")
            #expect(try site.count("found", of: second) >= 5)
            #expect(try site.count("avoidedBytes", of: second) > 0)
            let layer = site.image.layers[0].digest.hex
            #expect(try !TestFile.names(in: "\(site.folder)/two/blobs/sha256").contains(layer))
            #expect(try site.moby(["cache", "verify"], store: "two").status == 0)

            // Its layers are fetched when something needs them.
            let tar = try site.build(["--format", "tar"], store: "two", ["MOBY_CACHE_FROM": site.cache])
            #expect(tar.status == 0, "\(tar.error)")
            #expect(try TestFile.names(in: "\(site.folder)/two/blobs/sha256").contains(layer))
        }
    }

    @Test func filesOfTheSpecStayHere() async throws {
        try await Self.with { site in
            let options = ["--compress", "none", "--cache-to", site.cache]
            let result = try site.build(options + ["--format", "kernel+initrd"], store: "one")
            #expect(result.status == 0, "\(result.error)")
            let text = try site.everything()
            #expect(text.contains("line 3999") && !text.contains("swordfish"))
        }
    }

    @Test func aStoreWithoutLayersServesOtherCommands() async throws {
        try await Self.with { site in
            #expect(try site.build(["--cache-to", site.cache], store: "one").status == 0)
            #expect(try site.build(["--cache-from", site.cache], store: "two").status == 0)
            let offline = try site.build(["--offline"], store: "two")
            #expect(offline.status == 1 && offline.error.contains("pulling is off"), "\(offline.error)")
            #expect(offline.error.contains("layer 1 of 1"), "\(offline.error)")
            let plain = try site.build([], store: "two")
            #expect(plain.status == 0, "\(plain.error)")
            try site.expectSameOutputs("one", "two")
            #expect(try site.build(["--offline"], store: "two").status == 0)
        }
    }

    /// What is wrong in the registry, and the bytes stay the same.
    enum Damage: String, CaseIterable { case layer, otherKey, otherRule, truncated, gone, type }

    @Test(arguments: Damage.allCases) func aWrongEntryIsMadeAgain(_ damage: Damage) async throws {
        try await Self.with { site in
            let first = try site.build(["--cache-to", site.cache], store: "one")
            #expect(first.status == 0, "\(first.error)")
            let (tag, manifest, layer) = try site.entry("init")
            var bytes = try TestFile.read(layer)
            switch damage {
            case .layer:
                bytes[bytes.count / 2] ^= 1
                try TestFile.write(bytes, to: layer)
            case .truncated: try TestFile.write(bytes.dropLast(10), to: layer)
            case .gone: try FileManager.default.removeItem(atPath: layer)
            case .otherKey: try site.plant(try site.entry("record").manifest, as: tag)
            case .otherRule: try site.plant(manifest.replacing("rules system ", with: "rules system 9"), as: tag)
            case .type: try site.plant(manifest.replacing("cache.entry.v1+json", with: "cache.entry.v2+json"), as: tag)
            }
            let second = try site.build(["--cache-from", site.cache], store: "two")
            #expect(second.status == 0, "\(second.error)")
            #expect(second.error.contains("warning: the cache '\(site.cache)'"), "\(second.error)")
            try site.expectSameOutputs("one", "two")
        }
    }

    @Test func aRegistryThatIsDownIsAWarningForTheReader() async throws {
        try await Self.with { site in
            #expect(try site.build([], store: "one").status == 0)
            // Nothing listens on this port.
            let down = "127.0.0.1:1/team/cache"
            let second = try site.build(["--cache-from", down], store: "two")
            #expect(second.status == 0)
            let warning = "the cache '\(down)' is not used any more"
            #expect(second.error.split(separator: "\n").filter { $0.contains(warning) }.count == 1, "\(second.error)")
            try site.expectSameOutputs("one", "two")
            let third = try site.build(["--cache-to", down], store: "three")
            #expect(third.status == 1 && third.error.contains("sending to the cache '\(down)'"), "\(third.error)")
            try site.expectSameOutputs("one", "three", "written before the error")
        }
    }

    @Test func aPolicyDemandsSignaturesOfTheCache() async throws {
        try await Self.with { site in
            for name in ["ci", "other"] {
                let key = "\(site.folder)/\(name).pem"
                try await Oracle("openssl")(
                    "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
                try await Oracle("openssl")("pkey", "-in", key, "-pubout", "-out", "\(site.folder)/\(name).pub")
            }
            func build(_ rule: String, store: String) throws -> Program.Result {
                let images = "{match: [\"\(site.host)/acme/*\", \"localhost/**\"], accept: any}"
                try TestFile.write("images: [\(images)\(rule)]\n", to: "\(site.folder)/policy.yml")
                return try site.build(["--policy", "policy.yml", "--cache-from", site.cache], store: store)
            }
            #expect(try site.build(["--cache-to", site.cache], store: "one").status == 0)
            let uncovered = try build("", store: "two")
            #expect(uncovered.status == 0 && uncovered.error.contains("does not cover it"), "\(uncovered.error)")
            #expect(try site.count("found", of: uncovered) == 0)
            let rule = ", {match: [\"\(site.host)/team/*\"], keys: [ci.pub]}"
            let unsigned = try build(rule, store: "three")
            #expect(unsigned.status == 0 && unsigned.error.contains("has no signature"), "\(unsigned.error)")
            #expect(try site.count("found", of: unsigned) == 0)

            let signed = try site.build(["--cache-to", site.cache, "--key", "ci.pem"], store: "one")
            #expect(try site.count("sent", of: signed) > 0)
            let right = try build(rule, store: "four")
            #expect(try site.count("found", of: right) > 0, "\(right.error)")
            #expect(try site.count("refused", of: right) == 0)
            let other = try build(rule.replacing("ci.pub", with: "other.pub"), store: "five")
            #expect(other.status == 0 && other.error.contains("not signed by key 'other.pub'"), "\(other.error)")
            for store in ["two", "three", "four", "five"] { try site.expectSameOutputs("one", store) }
        }
    }

    @Test func optionsThatContradict() throws {
        for other in [["--offline"], ["--check"]] {
            let result = try Program.run(["build", "--cache-from", "localhost:1/cache"] + other + ["web.yml"])
            #expect(result.status == 64 && result.error.contains("\(other[0]) and --cache-from cannot be combined"))
        }
        let tagged = try Program.run(["build", "--cache-from", "localhost:1/cache:2", "-"], input: "init: []\n")
        #expect(tagged.status == 1 && tagged.error.contains("'localhost:1/cache:2' is not a repository of a registry"))
    }

    @Test func packagesAreFetchedWhole() async throws {
        try await Self.with { site in
            let built = try site.moby(["pkg", "build", "--cache-to", site.cache, "pkg"], store: "one")
            #expect(built.status == 0 && built.output.hasSuffix(" built\n"), "\(built.error)")
            let fetched = try site.moby(["pkg", "build", "--cache-from", site.cache, "pkg"], store: "two")
            #expect(fetched.status == 0 && fetched.output.hasSuffix(" fetched\n"), "\(fetched.error)")
            let present = try site.moby(["pkg", "build", "--offline", "pkg"], store: "two")
            #expect(present.output.hasSuffix(" present\n"), "\(present.error)")
        }
    }
}

extension SharedCacheTests.Site {
    /// All bytes that the registry has, as text.
    fileprivate func everything() throws -> String {
        let root = "\(folder)/registry"
        return try TestFile.tree(in: root).filter { $0.hasSuffix("/data") }.map { try TestFile.text("\(root)/\($0)") }
            .joined()
    }
}
