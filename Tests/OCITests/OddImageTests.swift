import Archive
import Extents
import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import OCI

/// Images as old and unusual tools write them.
struct OddImageTests {
    /// What is read of an image by every way to it.
    private static func texts(_ folder: String, _ layout: OddLayout) async throws -> [String] {
        let server = try layout.registry()
        try layout.write("\(folder)/layout")
        try layout.write(archive: "\(folder)/layout.tar")
        var texts: [String] = []
        for source in ["\(server.host)/acme/odd:1", "oci:\(folder)/layout", "oci-archive:\(folder)/layout.tar"] {
            let store = "\(folder)/store\(texts.count)"
            do {
                let provider = try RegistryTests.provider(store, retry: RetryPolicy(tries: 1))
                let image = try await provider.image(source)
                // Once more out of the store.
                let again = try await RegistryTests.provider(store, pull: .never).image(source)
                #expect(again.digest == image.digest && again.contentID == image.contentID)
                let layers = try ContentStore(path: store).uncompressedLayers(of: image)
                let tree = try FileTree.flatten(layers: layers)
                guard case .regular(let content)? = tree[TreePath("etc/motd")]?.kind else {
                    texts.append("no file")
                    continue
                }
                texts.append(String(decoding: try ExtentReader.bytes(of: content), as: UTF8.self))
            } catch let error as ContextError {
                texts.append(error.description)
            }
        }
        return texts
    }

    private static func named(_ platform: String) -> String { #""platform":\#(platform)"# }

    /// What the index says counts; where it says nothing the configuration does; where nothing is said the image is
    /// taken.
    @Test(arguments: [
        "index says", "configuration says", "nothing says", "no key", "null", "empty platform", "nested",
        "bare manifest",
    ])
    func platformThatIsNotSaidTwice(form: String) async throws {
        try await withTemporaryDirectory { folder in
            var layout = OddLayout()
            switch form {
            case "index says":
                let image = layout.addImage(
                    config: OddLayout.silent, more: Self.named(#"{"architecture":"amd64","os":"linux"}"#))
                layout.entries = [layout.addIndex([image])]
            case "configuration says":
                let other = layout.addImage(config: OddLayout.arm64, text: "arm\n")
                let image = layout.addImage(config: OddLayout.amd64)
                layout.entries = [layout.addIndex([other, image])]
            case "nothing says": layout.entries = [layout.addIndex([layout.addImage(config: OddLayout.silent)])]
            case "no key":
                layout.entries = [
                    layout.addIndex([layout.addImage(config: #"{"config":{},"rootfs":{"diff_ids":["DIFF"]}}"#)])
                ]
            case "null":
                let config =
                    #"{"architecture":null,"os":null,"variant":null,"config":null,"rootfs":{"diff_ids":["DIFF"]}}"#
                layout.entries = [layout.addIndex([layout.addImage(config: config, more: Self.named("null"))])]
            case "empty platform":
                let other = layout.addImage(
                    config: OddLayout.silent, text: "arm\n", more: Self.named(#"{"architecture":"arm64"}"#))
                let image = layout.addImage(config: OddLayout.silent, more: Self.named(#"{"architecture":"","os":""}"#))
                layout.entries = [layout.addIndex([other, image])]
            case "nested":
                let inner = layout.addIndex([
                    layout.addImage(config: OddLayout.silent, more: Self.named(#"{"architecture":"amd64"}"#))
                ])
                layout.entries = [layout.addIndex([inner])]
            default: layout.entries = [layout.addImage(config: OddLayout.silent)]
            }
            let texts = try await Self.texts(folder, layout)
            #expect(texts == ["hello\n", "hello\n", "hello\n"])
        }
    }

    /// What is said and is another platform is not taken, and no layer of it is fetched.
    @Test(arguments: ["index", "configuration", "artifact"])
    func platformThatIsAnother(form: String) async throws {
        try await withTemporaryDirectory { folder in
            var layout = OddLayout()
            let image = layout.addImage(
                config: form == "index" ? OddLayout.silent : OddLayout.arm64,
                more: form == "index" ? Self.named(#"{"architecture":"arm64","os":"linux"}"#) : "")
            // A signature next to the image is not an image.
            let signature = layout.add(Array(#"{"schemaVersion":2,"config":{},"layers":[]}"#.utf8), OddLayout.manifest)
            layout.entries = [layout.addIndex(form == "artifact" ? [signature, image] : [image])]
            for text in try await Self.texts(folder, layout) {
                #expect(text.contains("no image for linux/amd64\n  available: linux/arm64"), "\(text)")
            }
            let layer = try #require(layout.blobs.first { $0.value.count > 1000 })
            #expect(try HostFiles.size(ContentStore(path: "\(folder)/store0").blobPath(layer.key)) == nil)
        }
    }

    @Test func aPlatformThatNothingSaysIsNoted() async throws {
        try await withTemporaryDirectory { folder in
            var layout = OddLayout()
            layout.entries = [layout.addImage(config: OddLayout.silent)]
            try layout.write("\(folder)/layout")
            let recorded = RecordedProgress()
            var options = ImageProvider.Options()
            options.platform = Platform(architecture: "amd64")
            var store = try ContentStore(path: "\(folder)/store")
            store.progress = recorded.reporter
            _ = try await ImageProvider(store: store, options: options).image("oci:\(folder)/layout")
            #expect(
                recorded.lines.last?.hasSuffix("has no platform; assuming linux/amd64")
                    == true)
        }
    }

    /// An image without layers may have no list of them.
    @Test(arguments: [
        "{}", #"{"rootfs":{}}"#, #"{"rootfs":null,"history":null}"#, #"{"rootfs":{"type":"layers","diff_ids":null}}"#,
    ])
    func configurationsWithoutLayers(config: String) async throws {
        try await withTemporaryDirectory { folder in
            var layout = OddLayout()
            let configuration = layout.add(Array(config.utf8), "application/vnd.oci.image.config.v1+json")
            layout.entries = [
                layout.add(
                    Array(#"{"schemaVersion":2,"config":\#(configuration),"layers":[]}"#.utf8), OddLayout.manifest)
            ]
            #expect(try await Self.texts(folder, layout) == ["no file", "no file", "no file"])
            var other = OddLayout()
            other.entries = [other.addImage(config: config)]
            for text in try await Self.texts("\(folder)/other", other) {
                #expect(text.contains("it has 1 layer, but its configuration has 0 diff IDs"), "\(text)")
            }
        }
    }

    @Test func largeConfigurationIsNamed() async throws {
        try await withTemporaryDirectory { folder in
            var layout = OddLayout()
            layout.entries = [layout.addImage(config: OddLayout.amd64 + String(repeating: " ", count: 20 << 20))]
            for text in try await Self.texts(folder, layout) {
                #expect(
                    text.contains("configuration sha256:") && text.contains("bytes; the limit is 16777216"),
                    "\(text)")
            }
        }
    }

    // Names.

    private static func annotations(_ full: String?, _ name: String?) -> String {
        let pairs = [("io.containerd.image.name", full), ("org.opencontainers.image.ref.name", name)]
        let text = pairs.compactMap { key, value in value.map { #""\#(key)":"\#($0)""# } }.joined(separator: ",")
        return #""annotations":{\#(text)}"#
    }

    /// As `docker save` writes them since version 25.
    @Test(arguments: [
        ("busybox:latest", "busybox"), ("busybox", "busybox"), ("docker.io/library/busybox:latest", "busybox"),
        ("alpine:latest", "alpine"),
        ("web:2", "web"), ("acme/web:2", "web"), ("ghcr.io/acme/web:2", "web"), ("2", "web"),
        (
            "latest",
            "'latest' is ambiguous\n  available: docker.io/library/busybox:latest, docker.io/library/alpine:latest\n  hint: append one of them"
        ),
        (
            nil,
            "it has several images\n  available: docker.io/library/busybox:latest, docker.io/library/alpine:latest, ghcr.io/acme/web:2\n"
        ),
        ("box:latest", "no image 'box:latest'\n  available: docker.io/library/busybox:latest, "),
    ])
    func namesOfDocker25(wanted: String?, expected: String) async throws {
        try await withTemporaryDirectory { folder in
            var layout = OddLayout()
            for (full, tag) in [
                ("docker.io/library/busybox", "latest"), ("docker.io/library/alpine", "latest"),
                ("ghcr.io/acme/web", "2"),
            ] {
                let text = String(full.split(separator: "/").last ?? "")
                layout.entries.append(
                    layout.addImage(config: OddLayout.amd64, text: text, more: Self.annotations("\(full):\(tag)", tag)))
            }
            try layout.write("\(folder)/layout")
            let provider = try LocalSourceTests.provider(folder)
            let source = "oci:\(folder)/layout\(wanted.map { ":\($0)" } ?? "")"
            guard expected.contains("\n") else {
                let image = try await provider.image(source)
                let tree = try FileTree.flatten(
                    layers: ContentStore(path: "\(folder)/store").uncompressedLayers(of: image))
                guard case .regular(let content)? = tree[TreePath("etc/motd")]?.kind else {
                    Issue.record("no file 'etc/motd'")
                    return
                }
                #expect(try ExtentReader.bytes(of: content) == Array(expected.utf8))
                return
            }
            let error = await #expect(throws: ContextError.self) { try await provider.image(source) }
            #expect(error?.text.contains(expected) == true, "\(error?.description ?? "")")
        }
    }

    /// The one with a name is meant; of several without, the one that is not a part of, or a note on, another.
    @Test(arguments: ["index and its parts", "referrer", "parts without a name", "referrer without a name"])
    func whatElseIsInALayout(form: String) async throws {
        try await withTemporaryDirectory { folder in
            var layout = OddLayout()
            let isNamed = !form.hasSuffix("without a name")
            let name = isNamed ? Self.annotations(nil, "v1") : ""
            if form.hasPrefix("referrer") {
                let image = layout.addImage(config: OddLayout.amd64, more: name)
                let subject = layout.addImage(config: OddLayout.amd64)
                let note = layout.addImage(config: OddLayout.amd64, text: "a note", fields: #""subject":\#(subject)"#)
                layout.entries = [note, image]
            } else {
                let parts = [
                    layout.addImage(config: OddLayout.arm64, text: "arm\n"), layout.addImage(config: OddLayout.amd64),
                    layout.addImage(config: OddLayout.amd64, text: "second\n"),
                ]
                layout.entries = parts + [layout.addIndex(parts, more: name)]
            }
            try layout.write("\(folder)/layout")
            try layout.write(archive: "\(folder)/layout.tar")
            let image = try await LocalSourceTests.provider(folder).image("oci:\(folder)/layout")
            let tree = try FileTree.flatten(layers: ContentStore(path: "\(folder)/store").uncompressedLayers(of: image))
            guard case .regular(let content)? = tree[TreePath("etc/motd")]?.kind else {
                Issue.record("no file 'etc/motd'")
                return
            }
            #expect(try ExtentReader.bytes(of: content) == Array("hello\n".utf8))
            let store = try ContentStore(path: "\(folder)/imported")
            let taken = try store.importArchive(
                "\(folder)/layout.tar", as: isNamed ? nil : "v1", platforms: .these([Platform(architecture: "amd64")]))
            #expect(taken.map(\.name) == [ContentStore.canonical("v1")])
        }
    }

    // HostFiles.

    @Test(arguments: ["gzip", "zstd -q", "xz", "bzip2"])
    func compressedArchives(tool: String) async throws {
        try await withTemporaryDirectory { folder in
            var layout = OddLayout()
            layout.entries = [layout.addImage(config: OddLayout.amd64)]
            try layout.write(archive: "\(folder)/layout.tar")
            let path = "\(folder)/layout.packed"
            try await Oracle("sh")("-c", "\(tool) -c \(folder)/layout.tar > \(path)")
            #expect(try await LocalSourceTests.provider(folder).image("oci-archive:\(path)").layers.count == 1)
            var bytes = try TestFile.read(path)
            bytes.removeLast(bytes.count / 2)
            try TestFile.write(bytes, to: path)
            await #expect(throws: ContextError.self) {
                try await LocalSourceTests.provider("\(folder)/cut").image("oci-archive:\(path)")
            }
            #expect(try FolderTree.names(in: "\(folder)/cut/store/tmp").isEmpty)
        }
    }

    /// 200 MB of zeros in a few bytes are more than 64 MiB and more than 1100 times as many.
    @Test(arguments: ["xz", "bzip2"])
    func archivesThatUnpackTooFar(tool: String) async throws {
        try await withTemporaryDirectory { folder in
            try await Oracle("sh")("-c", "head -c 200000000 /dev/zero | \(tool) -1 > \(folder)/bomb")
            let error = await #expect(throws: ContextError.self) {
                try await LocalSourceTests.provider(folder).image("docker-archive:\(folder)/bomb")
            }
            #expect(
                error?.description.hasSuffix("more than 67108864 bytes when decompressed") == true,
                "\(error?.description ?? "")")
            #expect(try FolderTree.names(in: "\(folder)/store/tmp").isEmpty)
        }
    }

    /// A FIFO without a writer would be waited for without end.
    @Test(.timeLimit(.minutes(5)), arguments: ["oci-archive", "docker-archive"])
    func archivesThatAreNotFiles(form: String) async throws {
        try await withTemporaryDirectory { folder in
            #expect(mkfifo("\(folder)/fifo", 0o600) == 0)
            for path in ["\(folder)/fifo", "/dev/zero", folder] {
                let error = await #expect(throws: ContextError.self) {
                    try await LocalSourceTests.provider(folder).image("\(form):\(path)")
                }
                #expect(
                    error?.description.hasSuffix("'\(path)' is not a regular file") == true,
                    "\(error?.description ?? "")")
            }
        }
    }

    @Test func layerThatIsCutShortIsNamed() async throws {
        try await withTemporaryDirectory { folder in
            var layout = OddLayout()
            let tar = SampleTar.tar(["etc/motd": "hello\n"])
            var packed = Packed()
            try Compression.gzip.compress(to: &packed) { try $0.write(tar) }
            let layer = layout.add(Array(packed.bytes.dropLast(9)), "application/vnd.oci.image.layer.v1.tar+gzip")
            let config = layout.add(
                Array(OddLayout.amd64.replacing("DIFF", with: "sha256:\(SHA256.hash(tar).hex)").utf8),
                "application/vnd.oci.image.config.v1+json")
            layout.entries = [
                layout.add(
                    Array(#"{"schemaVersion":2,"config":\#(config),"layers":[\#(layer)]}"#.utf8), OddLayout.manifest)
            ]
            try layout.write("\(folder)/layout")
            let image = try await LocalSourceTests.provider(folder).image("oci:\(folder)/layout")
            let error = #expect(throws: ContextError.self) {
                try ContentStore(path: "\(folder)/store").uncompressedLayers(of: image)
            }
            #expect(error?.description == "unpacking layer \(image.layers[0].digest): the gzip data is truncated")
        }
    }

    private struct Packed: ByteSink {
        var bytes: [UInt8] = []

        mutating func write(_ piece: UnsafeRawBufferPointer) { bytes.append(contentsOf: piece) }
    }
}
