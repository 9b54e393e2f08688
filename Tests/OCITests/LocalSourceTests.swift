import Archive
import Extents
import Glibc
import OCI
import TestSupport
import Testing

struct LocalSourceTests {
    static let tars = [
        SampleTar.tar(["etc/a": "one"]), SampleTar.tar(["etc/b": "two"]), SampleTar.tar(["etc/a": "one"]),
    ]

    static func provider(_ folder: String, platform: Platform = Platform(architecture: "amd64")) throws -> ImageProvider
    {
        var options = ImageProvider.Options()
        options.platform = platform
        options.pull = .never
        return ImageProvider(store: try ContentStore(path: "\(folder)/store"), options: options)
    }

    static func sample() throws -> SampleImage {
        var execution = ImageConfig.Execution()
        execution.entrypoint = ["/bin/server"]
        execution.labels = ["org.mobyproject.config": #"{"capabilities":["all"]}"#]
        return try SampleImage(layers: tars, execution: execution)
    }

    /// Every local form gives the same content, and its identity says so, although the manifests differ.
    @Test func allSourcesGiveTheSameImage() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try Self.sample()
            try sample.write(layout: "\(folder)/layout", name: "v1")
            try await Oracle.skopeo("copy", "oci:\(folder)/layout:v1", "oci-archive:\(folder)/oci.tar:v1")
            try await Oracle.skopeo(
                "copy", "oci:\(folder)/layout:v1", "docker-archive:\(folder)/docker.tar:acme/web:v1")
            try await Oracle("gzip")("-k", "\(folder)/docker.tar")
            let sources = [
                "oci:\(folder)/layout", "oci:\(folder)/layout:v1", "oci-archive:\(folder)/oci.tar",
                "oci-archive:\(folder)/oci.tar:v1",
                "docker-archive:\(folder)/docker.tar", "docker-archive:\(folder)/docker.tar:acme/web:v1",
                "docker-archive:\(folder)/docker.tar.gz",
            ]
            for source in sources {
                // A store each, so that nothing comes from another source.
                let own = "\(folder)/\(sources.firstIndex(of: source) ?? 0)"
                let provider = try Self.provider(own)
                for _ in 0..<2 {
                    let image = try await provider.image(source)
                    #expect(image.contentID == sample.configDigest, "\(source)")
                    #expect(image.config.config?.entrypoint == ["/bin/server"])
                    #expect(image.layers.map(\.diffID) == sample.layers.map(\.diffID))
                    let layers = try ContentStore(path: "\(own)/store").uncompressedLayers(of: image)
                    #expect(try layers.map { try ExtentReader.bytes(of: $0) } == Self.tars, "\(source)")
                }
                #expect(try ContentStore(path: "\(own)/store").verify().isWhole)
            }
        }
    }

    /// Names that no registry owns: the store has the image or it is not there, whatever the pull policy.
    @Test(arguments: [ImageProvider.PullPolicy.missing, .always, .never])
    func localNamesAreNeverPulled(pull: ImageProvider.PullPolicy) async throws {
        try await withTemporaryDirectory { folder in
            let sample = try Self.sample()
            let store = try ContentStore(path: "\(folder)/store")
            var options = ImageProvider.Options()
            options.platform = Platform(architecture: "amd64")
            options.pull = pull
            // A registry that answers would show in the error.
            options.mirrors = ["localhost=http://127.0.0.1:9"]
            let provider = ImageProvider(store: store, options: options)
            let error = await #expect(throws: ImageError.self) { try await provider.image("localhost/moby/web:1") }
            #expect(
                error?.text
                    == "image 'localhost/moby/web:1' for linux/amd64 is not in the store '\(store.path)'\n"
                    + "  hint: it is built locally and never pulled: run 'moby pkg build' with its package folder")
            for bytes in sample.blobs.values { _ = try store.ingest(bytes) }
            try store.set("localhost/moby/web:1", to: sample.descriptor)
            #expect(try await provider.image("localhost/moby/web:1").digest == sample.descriptor.digest)
            #expect(
                try await provider.image("localhost/moby/web:1@\(sample.descriptor.digest)").digest
                    == sample.descriptor.digest)
            let push = await #expect(throws: ContextError.self) { try await provider.push("localhost/moby/web:1") }
            #expect(push?.description.contains("'localhost/moby/web' is a local name, not one of a registry") == true)
        }
    }

    /// Docker since version 25 writes a layout and `manifest.json`; before, links for repeated layers.
    @Test(arguments: ["blobs", "links"])
    func otherDockerArchives(form: String) async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage(layers: Self.tars, compression: form == "blobs" ? .gzip : .none)
            var entries: [[UInt8]] = []
            var layers: [String] = []
            for (number, layer) in sample.layers.enumerated() {
                let name = form == "blobs" ? "blobs/sha256/\(layer.digest.hex)" : "\(number)/layer.tar"
                layers.append(name)
                if form == "links", number == 2 {
                    entries.append(SampleTar.entry(name, type: "2", link: "../0/layer.tar"))
                } else {
                    entries.append(SampleTar.entry(name, content: try #require(sample.blobs[layer.digest])))
                }
            }
            entries.append(SampleTar.entry("config.json", content: try #require(sample.blobs[sample.configDigest])))
            let manifest = #"[{"Config":"config.json","RepoTags":null,"Layers":\#(layers)}]"#
            entries.append(SampleTar.entry("manifest.json", content: Array(manifest.utf8)))
            try TestFile.write(SampleTar.archive(entries), to: "\(folder)/saved.tar")
            let image = try await Self.provider(folder).image("docker-archive:\(folder)/saved.tar")
            #expect(image.contentID == sample.configDigest)
            let unpacked = try ContentStore(path: "\(folder)/store").uncompressedLayers(of: image)
            #expect(try unpacked.map { try ExtentReader.bytes(of: $0) } == Self.tars)
        }
    }

    @Test func severalImagesNeedAName() async throws {
        try await withTemporaryDirectory { folder in
            let one = try SampleImage(layers: [Self.tars[0]])
            let two = try SampleImage(layers: [Self.tars[1]])
            let arm = try SampleImage(platform: Platform(architecture: "arm64"))
            try SampleImage.write([("one", one), ("a/two:2", two), ("arm", arm)], layout: "\(folder)/layout")
            let provider = try Self.provider(folder)
            #expect(try await provider.image("oci:\(folder)/layout:one").digest == one.descriptor.digest)
            #expect(try await provider.image("oci:\(folder)/layout:a/two:2").digest == two.descriptor.digest)
            #expect(
                try await provider.image("oci:\(folder)/layout:\(one.descriptor.digest)").digest
                    == one.descriptor.digest)
            for (tail, reason) in [
                ("", "it has several images\n  available: one, a/two:2"), (":three", "no image 'three'"),
                (":arm", "no image for linux/amd64\n  available: linux/arm64"),
            ] {
                let error = await #expect(throws: ContextError.self) {
                    try await provider.image("oci:\(folder)/layout\(tail)")
                }
                #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
            }
            let absent = await #expect(throws: ImageError.self) {
                try await provider.image("oci:\(folder)/layout/none")
            }
            #expect(absent?.description.contains("no file or folder") == true)
            let other = try Self.provider("\(folder)/arm", platform: Platform(architecture: "arm64"))
            #expect(try await other.image("oci:\(folder)/layout").digest == arm.descriptor.digest)
        }
    }

    @Test(arguments: ["flipped", "short", "long", "gone"])
    func brokenBlobIsAnErrorAndNotStored(problem: String) async throws {
        try await withTemporaryDirectory { folder in
            let sample = try Self.sample()
            try sample.write(layout: "\(folder)/layout")
            let digest = sample.layers[0].digest
            let path = "\(folder)/layout/blobs/sha256/\(digest.hex)"
            var bytes = try TestFile.read(path)
            switch problem {
            case "flipped": bytes[20] ^= 1
            case "short": bytes.removeLast()
            case "long": bytes.append(0)
            default: #expect(unlink(path) == 0)
            }
            if problem != "gone" { try TestFile.write(bytes, to: path) }
            let error = await #expect(throws: ContextError.self) {
                try await Self.provider(folder).image("oci:\(folder)/layout")
            }
            let blob = "blob \(digest) has \(bytes.count) bytes, expected"
            let reasons = [
                "flipped": "digest is", "short": blob, "long": blob, "gone": "is missing",
            ]
            #expect(error?.description.contains(reasons[problem] ?? "?") == true, "\(error?.description ?? "")")
            #expect(access("\(folder)/store/blobs/sha256/\(digest.hex)", F_OK) != 0)
        }
    }

    @Test func linkOutOfAnArchiveIsNotFollowed() async throws {
        try await withTemporaryDirectory { folder in
            let entries = [
                SampleTar.entry("manifest.json", content: Array(#"[{"Config":"c","Layers":[]}]"#.utf8)),
                SampleTar.entry("c", type: "2", link: "../../../../etc/passwd"),
            ]
            try TestFile.write(SampleTar.archive(entries), to: "\(folder)/x.tar")
            let error = await #expect(throws: ContextError.self) {
                try await Self.provider(folder).image("docker-archive:\(folder)/x.tar")
            }
            #expect(error?.description.contains("configuration 'c' is missing") == true)
        }
    }

    @Test func withoutPullingTheErrorSaysWhereItLooked() async throws {
        try await withTemporaryDirectory { folder in
            let error = await #expect(throws: ImageError.self) { try await Self.provider(folder).image("acme/none") }
            #expect(
                error?.description.contains(
                    "'docker.io/acme/none:latest' for linux/amd64 is not in the store '\(folder)/store'") == true)
        }
    }
}
