import Extents
import Foundation
import HTTP
import JSON
import Progress
import TestSupport
import Testing

@testable import OCI

/// Images that go from one registry to another, with all that belongs to them.
struct PassingOnTests {
    /// An index of two platforms, with an SBOM as BuildKit attaches it to the first.
    struct Whole {
        let images: [SampleImage]
        let statement: [UInt8]
        let root: Descriptor

        /// - Parameter statement: of the SBOM.
        init(in store: ContentStore, as name: String, statement: String) throws {
            images = try ["amd64", "arm64"].map {
                try SampleImage(
                    layers: [SampleTar.tar(["arch": $0]), SampleTar.tar(["both": "x"])],
                    platform: Platform(architecture: $0))
            }
            for image in images { for bytes in image.blobs.values { _ = try store.ingest(bytes) } }
            self.statement = Array(statement.utf8)
            var layer = Descriptor(
                mediaType: "application/vnd.in-toto+json", digest: try store.ingest(self.statement),
                size: UInt64(self.statement.count))
            layer.annotations = ["in-toto.io/predicate-type": "https://spdx.dev/Document"]
            let config = try store.ingest(Array("{}".utf8))
            let manifest = try JSONText.compact(
                Manifest(config: Descriptor(mediaType: MediaType.config, digest: config, size: 2), layers: [layer]))
            var attestation = Descriptor(
                mediaType: MediaType.manifest, digest: try store.ingest(manifest), size: UInt64(manifest.count),
                platform: Platform(os: "unknown", architecture: "unknown"))
            attestation.annotations = [
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": "\(images[0].descriptor.digest)",
            ]
            let index = try JSONText.compact(ImageIndex(manifests: images.map(\.descriptor) + [attestation]))
            root = Descriptor(mediaType: MediaType.index, digest: try store.ingest(index), size: UInt64(index.count))
            try store.set(name, to: root)
        }
    }

    private static let sbom = #"{"_type":"https://in-toto.io/Statement/v0.1","predicate":{}}"#

    @Test(arguments: [true, false]) func wholeImageGoesFromRegistryToRegistry(_ listsReferrers: Bool) async throws {
        try await withTemporaryDirectory { folder in
            let (first, second) = (try MemoryRegistry(listsReferrers: listsReferrers), try MemoryRegistry())
            let store = try ContentStore(path: "\(folder)/a")
            let whole = try Whole(in: store, as: "\(first.host)/acme/web:1", statement: Self.sbom)
            let pusher = try RegistryTests.provider("\(folder)/a")
            let name = "\(first.host)/acme/web:1"
            #expect(try await pusher.push(name) == whole.root.digest)
            let signature = try await pusher.attach(
                Array("signed".utf8), mediaType: "application/test", annotations: [:], to: whole.root.digest,
                in: try ImageReference(name))

            let mirror = try RegistryTests.provider("\(folder)/b", platform: "riscv64")
            #expect(try await mirror.pull(name, for: .all).digest == whole.root.digest)
            let target = "\(second.host)/mirror/web:1"
            #expect(try await mirror.push(name, to: target) == whole.root.digest)

            let user = try RegistryTests.provider("\(folder)/c", platform: "arm64")
            #expect(try await user.image(target).digest == whole.images[1].descriptor.digest)
            let reference = try ImageReference(target)
            #expect(try await user.fetchAttachments(of: whole.root.digest, in: reference))
            #expect(
                try user.attachments(of: whole.root.digest, in: reference).map(\.bytes) == [Array("signed".utf8)])
            #expect(second.requests.contains("PUT /v2/mirror/web/manifests/\(signature)"))
            // Nothing but the referrers' list has another digest.
            #expect(try ContentStore(path: "\(folder)/b").verify().isWhole)
        }
    }

    @Test func partOfAnIndexIsSaid() async throws {
        try await withTemporaryDirectory { folder in
            let (first, second) = (try MemoryRegistry(), try MemoryRegistry())
            let store = try ContentStore(path: "\(folder)/a")
            let name = "\(first.host)/acme/web:1"
            let whole = try Whole(in: store, as: name, statement: Self.sbom)
            _ = try await RegistryTests.provider("\(folder)/a").push(name)
            let recorded = RecordedProgress()
            var part = try ContentStore(path: "\(folder)/b")
            part.progress = recorded.reporter
            var options = ImageProvider.Options()
            options.platform = Platform(architecture: "amd64")
            let provider = ImageProvider(store: part, options: options)
            let image = try await provider.image(name)
            #expect(try await provider.push(name, to: "\(second.host)/x/web:1") == whole.images[0].descriptor.digest)
            #expect(
                recorded.lines.contains(
                    "note: pushing '\(name)' for linux/amd64 only; the store does not have the other platforms"),
                "\(recorded.lines)")
            // The SBOM in the index came with the image, and is read for bills.
            let found = try part.attestations(of: image, predicateType: "https://spdx.dev/Document")
            #expect(found.map(\.bytes) == [whole.statement])
        }
    }

    /// What 'cosign attest' attaches: a DSSE envelope under a tag.
    @Test func attachedSBOMIsFound() async throws {
        try await withTemporaryDirectory { folder in
            let registry = try MemoryRegistry(listsReferrers: false)
            let name = "\(registry.host)/acme/web:1"
            let sample = try SampleImage()
            let store = try ContentStoreTests.filled(folder, sample, name: name)
            let payload = Data(Self.sbom.utf8).base64EncodedString()
            let envelope = Array(
                #"{"payloadType":"application/vnd.in-toto+json","payload":"\#(payload)","signatures":[]}"#.utf8)
            let config = Descriptor(
                mediaType: MediaType.config, digest: try store.ingest(Array("{}".utf8)), size: 2)
            for (tag, bytes) in [("att", envelope), ("bad.att", Array("{".utf8))] {
                var layer = Descriptor(
                    mediaType: "application/vnd.dsse.envelope.v1+json", digest: try store.ingest(bytes),
                    size: UInt64(bytes.count))
                layer.annotations = ["predicateType": "https://spdx.dev/Document"]
                let manifest = try JSONText.compact(Manifest(config: config, layers: [layer]))
                try store.set(
                    "\(registry.host)/acme/web:sha256-\(sample.descriptor.digest.hex).\(tag)",
                    to: Descriptor(
                        mediaType: MediaType.manifest, digest: try store.ingest(manifest), size: UInt64(manifest.count))
                )
            }
            _ = try await RegistryTests.provider(store.path).push(name)
            let other = try ContentStore(path: "\(folder)/b")
            _ = try await RegistryTests.provider(other.path).pull(name, for: .all)
            let image = try #require(try other.image(named: name, platform: ContentStoreTests.platform))
            let type = "https://spdx.dev/Document"
            #expect(try other.attestations(of: image, predicateType: type).map(\.bytes) == [Array(Self.sbom.utf8)])
            let bad = try #require(
                try store.descriptor(named: "\(registry.host)/acme/web:sha256-\(sample.descriptor.digest.hex).bad.att"))
            for blob in try store.closure(of: bad).blobs { _ = try other.ingest(try store.blob(blob.digest) ?? []) }
            _ = try other.ingest(try store.blob(bad.digest) ?? [])
            try other.set("\(registry.host)/acme/web:sha256-\(sample.descriptor.digest.hex).att", to: bad)
            #expect(throws: ManifestError.self) { try other.attestations(of: image, predicateType: type) }
        }
    }

    @Test(arguments: [201, 202, 403, 405]) func blobsOfOtherRepositoriesAreMounted(_ status: Int) async throws {
        try await withTemporaryDirectory { folder in
            let registry = try MemoryRegistry(mounts: status == 202 ? 201 : status)
            let sample = try SampleImage()
            let store = try ContentStoreTests.filled(folder, sample, name: "\(registry.host)/acme/web:1")
            let provider = try RegistryTests.provider(store.path)
            // With 202 the registry lost what the store believes that it has.
            if status != 202 { _ = try await provider.push("\(registry.host)/acme/web:1") }
            let before = registry.requests.count
            _ = try await provider.push("\(registry.host)/acme/web:1", to: "\(registry.host)/other/web:1")
            let sent = registry.requests[before...]
            let layer = sample.layers[0].digest.description.replacing(":", with: "%3A")
            #expect(sent.contains("POST /v2/other/web/blobs/uploads/?mount=\(layer)&from=acme%2Fweb"), "\(sent)")
            let puts = sent.filter { $0.hasPrefix("PUT /v2/other/web/blobs/") }.count
            #expect(puts == (status == 201 ? 0 : 2), "\(sent)")
            let image = try await RegistryTests.provider("\(folder)/b").image("\(registry.host)/other/web:1")
            #expect(image.digest == sample.descriptor.digest)
        }
    }

    /// Debian's registry mounts, too, and has no list of referrers.
    @Test func realRegistry() async throws {
        try await withTemporaryDirectory { folder in
            try await DockerRegistry.with(in: folder) { registry in
                let (name, other) = ("\(registry.host)/acme/web:1", "\(registry.host)/other/web:2")
                let store = try ContentStore(path: "\(folder)/a")
                let whole = try Whole(in: store, as: name, statement: Self.sbom)
                let provider = try RegistryTests.provider("\(folder)/a")
                _ = try await provider.push(name)
                _ = try await provider.attach(
                    Array("signed".utf8), mediaType: "application/test", annotations: [:], to: whole.root.digest,
                    in: try ImageReference(name))
                let mirror = try RegistryTests.provider("\(folder)/b")
                #expect(try await mirror.pull(name, for: .all).digest == whole.root.digest)
                #expect(try await mirror.push(name, to: other) == whole.root.digest)
                let tags = try await Oracle.skopeo(
                    "list-tags", "--tls-verify=false", "docker://\(registry.host)/other/web")
                #expect(tags.contains("\"sha256-\(whole.root.digest.hex)\""), "\(tags)")
                let layers = try FolderTree.names(
                    in: "\(folder)/registry/docker/registry/v2/repositories/other/web/_layers/sha256")
                #expect(layers.contains(whole.images[0].layers[0].digest.hex))
            }
        }
    }

    /// Several images of several platforms in one archive, as skopeo reads them and as it writes them.
    @Test(arguments: [ContentStore.ExportForm.oci, .docker]) func archives(_ form: ContentStore.ExportForm) async throws
    {
        try await withTemporaryDirectory { folder in
            let store = try ContentStore(path: "\(folder)/a")
            let whole = try Whole(in: store, as: "acme/web:1", statement: Self.sbom)
            let single = try SampleImage(layers: [SampleTar.tar(["db": "yes"])])
            for bytes in single.blobs.values { _ = try store.ingest(bytes) }
            try store.set("acme/db:5", to: single.descriptor)
            func export(_ platforms: PlatformChoice, _ file: String) throws {
                var bytes: [UInt8] = []
                try store.export(["acme/web:1", "acme/db:5"], platforms: platforms, form) { bytes += $0 }
                try TestFile.write(bytes, to: file)
            }
            let archive = "\(folder)/all.tar"
            try export(.all, archive)
            try export(.all, "\(folder)/again.tar")
            try await Oracle("cmp")(archive, "\(folder)/again.tar")
            let other = try ContentStore(path: "\(folder)/b")
            let taken = try other.importArchive(archive, platforms: .all)
            #expect(taken.map(\.name) == ["docker.io/acme/web:1", "docker.io/acme/db:5"])
            #expect(taken.map(\.descriptor.digest) == [whole.root.digest, single.descriptor.digest])
            #expect(try other.verify().isWhole)
            for (name, platform, image) in [
                ("acme/web:1", "amd64", whole.images[0]), ("acme/web:1", "arm64", whole.images[1]),
                ("acme/db:5", "amd64", single),
            ] {
                let found = try other.image(named: name, platform: Platform(architecture: platform))
                #expect(found?.digest == image.descriptor.digest)
            }
            let transport = form == .oci ? "oci-archive" : "docker-archive"
            let judged = try await Oracle.skopeo(
                "inspect", "--override-arch", "amd64", "\(transport):\(archive):docker.io/acme/web:1")
            #expect(judged.contains("\"Architecture\": \"amd64\""), "\(judged)")

            let arm = try ContentStore(path: "\(folder)/c")
            let only = try arm.importArchive(archive, platforms: .these([Platform(architecture: "arm64")]))
            #expect(only.map(\.name) == ["docker.io/acme/web:1"])
            #expect(try !arm.has(whole.images[0].descriptor))
        }
    }

    /// Some platforms are a new index, with the same images.
    @Test func chosenPlatforms() async throws {
        try await withTemporaryDirectory { folder in
            let store = try ContentStore(path: "\(folder)/a")
            let whole = try Whole(in: store, as: "acme/web:1", statement: Self.sbom)
            let choice = try PlatformChoice("linux/arm64,linux/amd64")
            var bytes: [UInt8] = []
            try store.export(["acme/web:1"], platforms: choice, .oci) { bytes += $0 }
            try TestFile.write(bytes, to: "\(folder)/two.tar")
            let other = try ContentStore(path: "\(folder)/b")
            let taken = try other.importArchive("\(folder)/two.tar", platforms: .all)
            guard case .index(let index)? = try other.document(taken[0].descriptor) else {
                Issue.record("not an index")
                return
            }
            #expect(index.manifests.map(\.digest) == whole.images.map(\.descriptor.digest).reversed())
            let error = #expect(throws: ImageError.self) {
                try store.export(["acme/web:1"], platforms: try PlatformChoice("linux/amd64,linux/riscv64"), .oci) {
                    _ in
                }
            }
            #expect(error?.description.contains("'docker.io/acme/web:1' for linux/riscv64 is not in the store") == true)
        }
    }

    /// What `docker save a b` and `skopeo copy` of several images write.
    @Test func archivesOfOthers() async throws {
        try await withTemporaryDirectory { folder in
            let (one, two) = (try SampleImage(), try SampleImage(layers: [SampleTar.tar(["two": "2"])]))
            try SampleImage.write([("one", one), ("two", two)], layout: "\(folder)/layout")
            for name in ["one", "two"] {
                try await Oracle.skopeo(
                    "copy", "oci:\(folder)/layout:\(name)", "oci-archive:\(folder)/\(name).tar:acme/\(name):1")
            }
            try await Oracle("bsdtar")("-cf", "\(folder)/both.tar", "-C", "\(folder)/layout", ".")
            let store = try ContentStore(path: "\(folder)/a")
            let taken = try store.importArchive("\(folder)/both.tar", platforms: .these([ContentStoreTests.platform]))
            #expect(taken.map(\.descriptor.digest) == [one, two].map(\.descriptor.digest))
            // The old format of 'docker save' with two images: manifest.json alone.
            var entries: [JSONValue] = []
            for name in ["one", "two"] {
                try await Oracle.skopeo(
                    "copy", "oci:\(folder)/layout:\(name)", "docker-archive:\(folder)/\(name).save:acme/\(name):9")
                try FolderTree.make("\(folder)/save")
                try await Oracle("bsdtar")("-xf", "\(folder)/\(name).save", "-C", "\(folder)/save")
                let text = try TestFile.text("\(folder)/save/manifest.json")
                entries += try #require(try JSONValue(parsing: Array(text.utf8)).array)
            }
            try TestFile.write(JSONValue.array(entries).text(), to: "\(folder)/save/manifest.json")
            try await Oracle("bsdtar")("-cf", "\(folder)/save.tar", "-C", "\(folder)/save", ".")
            let saved = try store.importArchive("\(folder)/save.tar", platforms: .all)
            #expect(saved.map(\.name) == ["docker.io/acme/one:9", "docker.io/acme/two:9"])
            let image = try store.image(named: "acme/two:9", platform: ContentStoreTests.platform)
            #expect(image?.contentID == two.configDigest)
        }
    }
}
