import Extents
import Glibc
import TestSupport
import Testing

@testable import OCI

struct StoreMaintenanceTests {
    @Test func pruneKeepsWhatNamesLeadTo() async throws {
        try await withTemporaryDirectory { folder in
            let kept = try SampleImage(layers: [SampleTar.tar(["a": "kept"])])
            let dropped = try SampleImage(layers: [SampleTar.tar(["a": "dropped"])])
            let store = try ContentStoreTests.filled(folder, kept)
            for bytes in dropped.blobs.values { _ = try store.ingest(bytes) }
            try store.set("acme/old:1", to: dropped.descriptor)
            for name in ["acme/old:1", "acme/web:1"] {
                let image = try #require(try store.image(named: name, platform: ContentStoreTests.platform))
                _ = try store.uncompressedLayers(of: image)
            }
            try TestFile.write("", to: "\(store.path)/tmp/1-leftover0a")
            let later = Int64(time(nil)) + 10
            #expect(try store.prune(notUsedSince: later - 1000).files == 0)
            #expect(try store.prune(notUsedSince: later).files == 1)
            #expect(try store.remove("acme/old:1"))
            #expect(try !store.remove("acme/old:1"))
            // Manifest, configuration, layer, and the unpacked layer.
            #expect(try store.prune(notUsedSince: later).files == 4)
            #expect(try store.image(named: "acme/web:1", platform: ContentStoreTests.platform) != nil)
            #expect(try store.verify().isWhole)
            #expect(try store.entries().map(\.name) == ["docker.io/acme/web:1"])
        }
    }

    /// What was least recently used goes first; content that another image shares stays.
    @Test func shrinkRemovesWhatWasUsedLongestAgo() async throws {
        try await withTemporaryDirectory { folder in
            let shared = SampleTar.tar(["shared": String(repeating: "s", count: 100_000)])
            let store = try ContentStore(path: "\(folder)/store")
            for (age, name) in [(1, "new"), (2, "old"), (3, "oldest")] {
                let own = SampleTar.tar(["own": String(repeating: name, count: 50_000)])
                let sample = try SampleImage(layers: [shared, own])
                for bytes in sample.blobs.values { _ = try store.ingest(bytes) }
                try store.set("acme/\(name):1", to: sample.descriptor)
                let reference = "\(store.path)/refs/\(ContentStore.fileName(of: "docker.io/acme/\(name):1"))"
                try Oracle("touch").output(["-d", "\(age) weeks ago", reference])
            }
            let segment = String(repeating: "a", count: 64)
            for name in [segment, segment + ".json"] {
                try TestFile.write(String(repeating: "x", count: 1000), to: "\(store.path)/segments/\(name)")
                try Oracle("touch").output(["-d", "4 weeks ago", "\(store.path)/segments/\(name)"])
            }
            let total = try store.contents().bytes
            #expect(try store.shrink(to: total) == ContentStore.Pruned())
            let dry = try store.shrink(to: total - 2001, dryRun: true)
            #expect(try store.contents().bytes == total)
            let pruned = try store.shrink(to: total - 2001)
            #expect(pruned == dry)
            // The segment was not enough, so one image went: its name, manifest, configuration and own layer.
            #expect(pruned.images == 1 && pruned.files == 6)
            // The list of names, index.json, is shorter now, too.
            #expect(try store.contents().bytes <= total - pruned.bytes)
            #expect(try store.entries().map(\.name) == ["docker.io/acme/new:1", "docker.io/acme/old:1"])
            #expect(try store.verify().isWhole)
            // A build uses an image: now another one is the oldest.
            _ = try store.image(named: "acme/old:1", platform: ContentStoreTests.platform)
            #expect(try store.forget(notUsedSince: Int64(time(nil)) - 86400, dryRun: true) == ["docker.io/acme/new:1"])
            #expect(try store.shrink(to: try store.contents().bytes - 1).images == 1)
            #expect(try store.entries().map(\.name) == ["docker.io/acme/old:1"])
            #expect(try store.forget(notUsedSince: Int64(time(nil)) + 10) == ["docker.io/acme/old:1"])
            #expect(try store.prune(notUsedSince: Int64(time(nil)) + 10).files == 4)
        }
    }

    /// A program that only prunes: it locks the store for itself, and must not wait for itself then.
    @Test(.timeLimit(.minutes(1))) func aStoreIsPrunedByANewProcess() throws {
        try withTemporaryDirectory { folder in
            do {
                let early = try ContentStore(path: "\(folder)/store")
                let sample = try SampleImage()
                for layer in sample.layers { _ = try early.ingest(try #require(sample.blobs[layer.digest])) }
                let config = ImageConfig(
                    platform: ContentStoreTests.platform, config: .init(), diffIDs: sample.layers.map(\.diffID))
                _ = try early.add(
                    name: "acme/old:1", platform: ContentStoreTests.platform, config: config, layers: sample.layers)
            }
            // Packages arrive here: it is neither moved nor counted.
            try TestFile.write("half", to: "\(folder)/store/debs/download-1-x/a.deb")
            let store = try ContentStore(path: "\(folder)/store")
            #expect(try store.forget(notUsedSince: Int64(time(nil)) + 10).isEmpty == false)
            _ = try store.shrink(to: 1)
            #expect(try HostFiles.exists("\(folder)/store/debs/download-1-x/a.deb"))
        }
    }

    /// Stores of an earlier moby: what it built is found by its name of today, what came from Docker Hub is not taken
    /// for it.
    @Test func imagesOfFormerNamesAreAdopted() async throws {
        try await withTemporaryDirectory { folder in
            let built = try SampleImage()
            let store = try ContentStoreTests.filled(folder, built)
            let (name, former) = ("localhost/moby/kernel:0c1f", "docker.io/moby/kernel:0c1f")
            try store.set(
                former,
                to: Descriptor(
                    mediaType: built.descriptor.mediaType, digest: built.descriptor.digest, size: built.descriptor.size)
            )
            #expect(try store.descriptor(named: name) == nil)
            try store.set(former, to: built.descriptor)
            #expect(try store.image(named: name, platform: ContentStoreTests.platform)?.name == name)
            #expect(try store.entries().map(\.name).contains(former))
            try store.adopt(name)
            #expect(try store.entries().map(\.name).filter { $0.contains("moby") } == [name])
            #expect(try store.descriptor(named: former) == nil)
            try store.adopt(name)
            #expect(
                try store.image(named: name, platform: ContentStoreTests.platform)?.digest == built.descriptor.digest)
            #expect(try store.descriptor(named: "localhost/kernel:0c1f") == nil)
        }
    }

    @Test func indexPulledForOnePlatformIsWhole() async throws {
        try await withTemporaryDirectory { folder in
            let here = try SampleImage()
            let elsewhere = try SampleImage(platform: Platform(architecture: "arm64"))
            let store = try ContentStoreTests.filled(folder, here)
            let index = try JSONText.compact(ImageIndex(manifests: [elsewhere.descriptor, here.descriptor]))
            let digest = try store.ingest(index)
            try store.set(
                "acme/multi", to: Descriptor(mediaType: MediaType.index, digest: digest, size: UInt64(index.count)))
            #expect(try store.verify().isWhole)
            #expect(
                try store.image(named: "acme/multi", platform: ContentStoreTests.platform)?.digest
                    == here.descriptor.digest)
            #expect(try store.image(named: "acme/multi", platform: Platform(architecture: "arm64")) == nil)
        }
    }

    @Test func manyWritersLeaveOneWholeStore() async throws {
        try await withTemporaryDirectory { folder in
            let shared = SampleTar.tar(["shared": String(repeating: "s", count: 200_000)])
            let samples = try (0..<12).map { try SampleImage(layers: [shared, SampleTar.tar(["own": "\($0)"])]) }
            try await withThrowingTaskGroup { group in
                for (number, sample) in samples.enumerated() {
                    group.addTask {
                        // Each its own value, as each process has.
                        let store = try ContentStore(path: "\(folder)/store")
                        for bytes in sample.blobs.values { _ = try store.ingest(bytes) }
                        try store.set("acme/\(number)", to: sample.descriptor)
                        let image = try #require(
                            try store.image(named: "acme/\(number)", platform: ContentStoreTests.platform))
                        _ = try store.uncompressedLayers(of: image)
                    }
                }
                try await group.waitForAll()
            }
            let store = try ContentStore(path: "\(folder)/store")
            #expect(try store.verify().isWhole)
            #expect(try store.entries().count == 12)
            let index = try ManifestDocument(TestFile.read("\(store.path)/index.json"), mediaType: nil)
            guard case .index(let index) = index else {
                Issue.record("no index")
                return
            }
            #expect(Set(index.manifests.map(\.digest)) == Set(samples.map(\.descriptor.digest)))
            #expect(try FolderTree.names(in: "\(store.path)/tmp").isEmpty)
        }
    }

    /// Out of one store and into another, as this program, skopeo and `docker save` do it.
    @Test(arguments: ContentStore.ExportForm.allCases) func whatIsExportedIsImported(_ form: ContentStore.ExportForm)
        async throws
    {
        try await withTemporaryDirectory { folder in
            let sample = try LocalSourceTests.sample()
            let store = try ContentStoreTests.filled(folder, sample)
            let archive = "\(folder)/a.tar"
            for copy in [archive, "\(folder)/b.tar"] {
                var bytes: [UInt8] = []
                try store.export(
                    ["acme/web:1"], as: "acme/copy:2", platforms: .these([ContentStoreTests.platform]), form
                ) {
                    bytes += $0
                }
                try TestFile.write(bytes, to: copy)
            }
            try await Oracle("cmp")(archive, "\(folder)/b.tar")
            let other = try ContentStore(path: "\(folder)/other")
            let taken = {
                try other.importArchive(archive, platforms: .these([ContentStoreTests.platform])).map(\.name)
            }
            switch form {
            case .filesystem:
                #expect(throws: ImageError.self) { try taken() }
                #expect(try await Oracle("bsdtar")("-xOf", archive, "etc/b") == "two")
            case .oci, .docker:
                #expect(try taken() == ["docker.io/acme/copy:2"])
                let image = try #require(try other.image(named: "acme/copy:2", platform: ContentStoreTests.platform))
                #expect(image.digest == sample.descriptor.digest)
                let transport = form == .oci ? "oci-archive" : "docker-archive"
                try await Oracle.skopeo("copy", "\(transport):\(archive)", "dir:\(folder)/dir")
                try await Oracle.skopeo(
                    "copy", "\(transport):\(archive)", "docker-archive:\(folder)/c.tar:acme/third:3")
                let third = try other.importArchive("\(folder)/c.tar", platforms: .these([ContentStoreTests.platform]))
                #expect(third.map(\.name) == ["docker.io/acme/third:3"])
                #expect(
                    try other.importArchive("\(folder)/c.tar", as: "x", platforms: .these([ContentStoreTests.platform]))
                        .count == 1
                )
            }
            #expect(try other.verify().isWhole)
        }
    }

    @Test func exportNeedsTheImage() async throws {
        try await withTemporaryDirectory { folder in
            let store = try ContentStore(path: "\(folder)/store")
            let error = #expect(throws: ImageError.self) {
                try store.export(["web"], platforms: .these([ContentStoreTests.platform]), .oci) { _ in }
            }
            #expect(
                error?.description.hasPrefix("image 'docker.io/library/web:latest' for linux/amd64 is not in the store")
                    == true)
        }
    }
}
