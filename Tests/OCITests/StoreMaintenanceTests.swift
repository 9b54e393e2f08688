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
            try TestFile.write("", to: "\(store.path)/tmp/1-left")
            let later = Int64(time(nil)) + 10
            #expect(try store.prune(notUsedSince: later - 1000).files == 0)
            #expect(try store.prune(notUsedSince: later).files == 1)
            #expect(try store.remove("acme/old:1"))
            #expect(try !store.remove("acme/old:1"))
            // Manifest, configuration, layer, and the unpacked layer.
            #expect(try store.prune(notUsedSince: later).files == 4)
            #expect(try store.image(named: "acme/web:1", platform: ContentStoreTests.platform) != nil)
            #expect(try store.verify().isWhole)
            #expect(store.entries().map(\.name) == ["docker.io/acme/web:1"])
        }
    }

    @Test func indexPulledForOnePlatformIsWhole() async throws {
        try await withTemporaryDirectory { folder in
            let here = try SampleImage()
            let elsewhere = try SampleImage(platform: Platform(architecture: "arm64"))
            let store = try ContentStoreTests.filled(folder, here)
            let index = try SampleJSON.encode(ImageIndex(manifests: [elsewhere.descriptor, here.descriptor]))
            let digest = try store.ingest(index)
            try store.set("acme/multi", to: Descriptor(mediaType: MediaType.index, digest: digest, size: UInt64(index.count)))
            #expect(try store.verify().isWhole)
            #expect(try store.image(named: "acme/multi", platform: ContentStoreTests.platform)?.digest == here.descriptor.digest)
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
                        let image = try #require(try store.image(named: "acme/\(number)", platform: ContentStoreTests.platform))
                        _ = try store.uncompressedLayers(of: image)
                    }
                }
                try await group.waitForAll()
            }
            let store = try ContentStore(path: "\(folder)/store")
            #expect(try store.verify().isWhole)
            #expect(store.entries().count == 12)
            let index = try ManifestDocument(TestFile.read("\(store.path)/index.json"), mediaType: nil)
            guard case .index(let index) = index else {
                Issue.record("no index")
                return
            }
            #expect(Set(index.manifests.map(\.digest)) == Set(samples.map(\.descriptor.digest)))
            #expect(SmallFile.names(in: "\(store.path)/tmp").isEmpty)
        }
    }
}
