import Archive
import Extents
import TestSupport
import Testing

@testable import OCI

struct ContentStoreTests {
    static let platform = Platform(architecture: "amd64")

    /// A store that has one image under `name`.
    static func filled(_ folder: String, _ sample: SampleImage, name: String = "acme/web:1") throws -> ContentStore {
        let store = try ContentStore(path: "\(folder)/store")
        for bytes in sample.blobs.values { _ = try store.ingest(bytes) }
        try store.set(name, to: sample.descriptor)
        return store
    }

    @Test func imageIsFoundByEveryFormOfItsName() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let store = try Self.filled(folder, sample)
            for name in ["acme/web:1", "docker.io/acme/web:1", "other/name@\(sample.descriptor.digest)"] {
                let image = try #require(try store.image(named: name, platform: Self.platform))
                #expect(image.digest == sample.descriptor.digest)
                #expect(image.contentID == sample.configDigest)
                #expect(image.layers == sample.layers)
            }
            #expect(try store.image(named: "acme/web:2", platform: Self.platform) == nil)
            #expect(try store.image(named: "acme/web:1", platform: Platform(architecture: "arm64")) == nil)
        }
    }

    @Test(arguments: [Compression.none, .gzip, .zstd(level: 3)])
    func layersAreUnpackedOnce(compression: Compression) async throws {
        try await withTemporaryDirectory { folder in
            let tars = [SampleTar.tar(["a": "1"]), SampleTar.tar(["b": String(repeating: "x", count: 300_000)])]
            let sample = try SampleImage(layers: tars, compression: compression)
            let store = try Self.filled(folder, sample)
            let image = try #require(try store.image(named: "acme/web:1", platform: Self.platform))
            for time in 1...2 {
                let layers = try store.uncompressedLayers(of: image)
                #expect(try layers.map { try ExtentReader.bytes(of: $0) } == tars)
                // The second time must not read the blobs: they are damaged, with their length unchanged.
                guard time == 1, compression != .none else { continue }
                for layer in image.layers {
                    try TestFile.write([UInt8](repeating: 0, count: Int(layer.size)), to: store.blobPath(layer.digest))
                }
            }
            #expect(try FolderTree.names(in: "\(store.path)/tmp").isEmpty)
        }
    }

    @Test func largeLayersDoNotStayUnpacked() async throws {
        try await withTemporaryDirectory { folder in
            let large = Int(ContentStore.largestKept) + 1
            let tars = [SampleTar.tar(["a": "1"]), SampleTar.tar(["b": String(repeating: "x", count: large)])]
            let sample = try SampleImage(layers: tars, compression: .gzip)
            let store = try Self.filled(folder, sample)
            let image = try #require(try store.image(named: "acme/web:1", platform: Self.platform))
            func kept() throws -> [Bool] { try image.layers.map { try store.hasLayer($0.diffID) } }
            for _ in 1...2 {
                #expect(try store.uncompressedLayers(of: image).map(\.length) == tars.map { UInt64($0.count) })
                let other = try ContentStore(path: store.path)
                _ = try other.ingest([1])
                try withExtendedLifetime(other) { try store.releaseLargeLayers() }
                #expect(try kept() == [true, true], "another process may be reading it")
            }
            _ = try store.uncompressedLayers(of: image)
            try store.releaseLargeLayers()
            #expect(try kept() == [true, false])
            #expect(try FolderTree.names(in: "\(store.path)/layers").count == 2)
        }
    }

    @Test func wrongDiffIDIsToldFromADamagedBlob() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let store = try Self.filled(folder, sample)
            let layer = sample.layers[0]
            let lie = Image.Layer(digest: layer.digest, size: layer.size, diffID: sample.configDigest)
            let error = #expect(throws: ContentError.self) { try store.uncompressedLayer(lie) }
            #expect(error == .diffID(expected: sample.configDigest, actual: layer.diffID, blob: layer.digest))

            var bytes = try TestFile.read(store.blobPath(layer.digest))
            bytes[bytes.count / 2] ^= 0xff
            try TestFile.write(bytes, to: store.blobPath(layer.digest))
            #expect(throws: ContentError.damaged(layer.digest)) { try store.uncompressedLayer(layer) }
            #expect(try !store.has(layer.digest, size: layer.size))
            #expect(try store.image(named: "acme/web:1", platform: Self.platform) == nil)
            #expect(try FolderTree.names(in: "\(store.path)/tmp").isEmpty)
            #expect(try FolderTree.names(in: "\(store.path)/layers").isEmpty)
        }
    }

    /// As after a loss of power.
    @Test func shortenedLayerIsUnpackedAgain() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let store = try Self.filled(folder, sample)
            let layer = sample.layers[0]
            let bytes = try ExtentReader.bytes(of: try store.uncompressedLayer(layer))
            for length in [0, 512] {
                #expect(try store.hasLayer(layer.diffID))
                try TestFile.write(bytes.prefix(length), to: store.layerPath(layer.diffID))
                #expect(try !store.hasLayer(layer.diffID))
                #expect(try ExtentReader.bytes(of: try store.uncompressedLayer(layer)) == bytes)
            }
        }
    }

    @Test func layerThatUnpacksWithoutEndIsRefused() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage(layers: [[UInt8](repeating: 0, count: 70 << 20)], compression: .zstd(level: 3))
            let store = try Self.filled(folder, sample)
            #expect(sample.layers[0].size < 20_000)
            let error = #expect(throws: (any Error).self) { try store.uncompressedLayer(sample.layers[0]) }
            #expect(
                "\(error.map { "\($0)" } ?? "")".contains(
                    "of \(sample.layers[0].size) bytes unpacks to more than 67108864 bytes"),
                "\(error.map { "\($0)" } ?? "")")
            #expect(
                try FolderTree.names(in: "\(store.path)/layers").isEmpty
                    && FolderTree.names(in: "\(store.path)/tmp").isEmpty)
        }
    }

    @Test func aLayerAboveTheAbsoluteLimitSaysHowToRaiseIt() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage(layers: [[UInt8](repeating: 0, count: 3 << 20)], compression: .gzip)
            var store = try Self.filled(folder, sample)
            let layer = sample.layers[0]
            store.layerLimit = 2 << 20
            let error = #expect(throws: ContentError.self) { try store.uncompressedLayer(layer) }
            #expect(error == .layer(layer.digest, size: layer.size, limit: 2 << 20, isAbsolute: true))
            #expect(
                error?.text.contains(
                    "unpacks to more than 2097152 bytes\n  hint: raise the limit with --layer-limit") == true)
            #expect(
                try FolderTree.names(in: "\(store.path)/layers").isEmpty
                    && FolderTree.names(in: "\(store.path)/tmp").isEmpty)
            store.layerLimit = ContentStore.defaultLayerLimit
            #expect(try store.uncompressedLayer(layer).length == 3 << 20)
        }
    }

    /// Some tools pad compressed layers with zeros; the blob's digest covers them.
    @Test func zerosAfterTheCompressedStreamAreTolerated() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let store = try Self.filled(folder, sample)
            let padded = try #require(sample.blobs[sample.layers[0].digest]) + [UInt8](repeating: 0, count: 700)
            let layer = Image.Layer(
                digest: try store.ingest(padded), size: UInt64(padded.count), diffID: sample.layers[0].diffID)
            #expect(try store.uncompressedLayer(layer).length > 0)
        }
    }

    @Test func bytesAfterTheTarsEndCount() async throws {
        try await withTemporaryDirectory { folder in
            let tar = SampleTar.tar(["a": "1"])
            let longer = try SampleImage(layers: [tar + [1, 2, 3]])
            let store = try Self.filled(folder, longer)
            let layer = longer.layers[0]
            #expect(throws: ContentError.self) {
                try store.uncompressedLayer(
                    Image.Layer(
                        digest: layer.digest, size: layer.size, diffID: Digest(sha256: SHA256.hash(tar))))
            }
            #expect(try store.uncompressedLayer(layer).length == UInt64(tar.count + 3))
        }
    }

    @Test(arguments: ["config", "layer", "manifest"])
    func whatIsGoneMakesTheImageAbsent(what: String) async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let store = try Self.filled(folder, sample)
            let digest = [
                "config": sample.configDigest, "layer": sample.layers[0].digest, "manifest": sample.descriptor.digest,
            ][what]
            let path = store.blobPath(try #require(digest))
            // Cut short: the size is what is looked at for layers, the digest for the others.
            try TestFile.write(try TestFile.read(path).dropLast(), to: path)
            #expect(try store.image(named: "acme/web:1", platform: Self.platform) == nil)
            #expect(try store.verify().damaged == ["blobs/sha256/\(try #require(digest).hex)"])
            #expect(try store.verify(repair: true).isWhole == false)
            let again = try store.verify()
            #expect(again.damaged.isEmpty && again.incomplete.map(\.name) == ["docker.io/acme/web:1"])
            for bytes in sample.blobs.values { _ = try store.ingest(bytes) }
            #expect(try store.verify().isWhole)
        }
    }

    @Test func addedImageIsReadByOthers() async throws {
        try await withTemporaryDirectory { folder in
            let store = try ContentStore(path: "\(folder)/store")
            let sample = try SampleImage()
            _ = try store.ingest(try #require(sample.blobs[sample.layers[0].digest]))
            var execution = ImageConfig.Execution()
            execution.cmd = ["/bin/true"]
            let config = ImageConfig(platform: Self.platform, config: execution, diffIDs: sample.layers.map(\.diffID))
            let image = try store.add(
                name: "acme/built:1", platform: Self.platform, config: config, layers: sample.layers)
            let again = try store.add(
                name: "acme/built:2", platform: Self.platform, config: config, layers: sample.layers)
            #expect(image.digest == again.digest)
            #expect(
                try store.image(named: "acme/built:1", platform: Self.platform)?.config.config?.cmd == ["/bin/true"])
            let inspected = try await Oracle.skopeo("inspect", "oci:\(store.path):docker.io/acme/built:1")
            #expect(
                inspected.contains(image.digest.description) && inspected.contains(sample.layers[0].digest.description))
        }
    }

    @Test func addNeedsItsLayers() async throws {
        try await withTemporaryDirectory { folder in
            let store = try ContentStore(path: folder)
            let sample = try SampleImage()
            #expect(throws: ContentError.missing(sample.layers[0].digest)) {
                try store.add(name: "x", platform: Self.platform, config: sample.config, layers: sample.layers)
            }
        }
    }

    @Test(arguments: [
        ("docker.io/library/redis:7", "docker.io%2Flibrary%2Fredis%3A7"), ("oci:../x", "oci%3A..%2Fx"),
        (".hidden", "%2Ehidden"), (String(repeating: "a", count: 400), String(repeating: "a", count: 150) + "~"),
        ("é", "%C3%A9"),
    ])
    func namesBecomeSafeFileNames(name: String, start: String) {
        let file = ContentStore.fileName(of: name)
        #expect(file.utf8.count <= 200 && !file.contains("/") && !file.hasPrefix("."))
        #expect(file.hasPrefix(start))
        #expect(file != ContentStore.fileName(of: name + "x"))
    }

    @Test func defaultPathFollowsTheEnvironment() {
        #expect(ContentStore.defaultPath(environment: ["MOBY_CACHE": "/m", "HOME": "/h"]) == "/m")
        #expect(ContentStore.defaultPath(environment: ["XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/moby")
        #expect(ContentStore.defaultPath(environment: ["XDG_CACHE_HOME": "x", "HOME": "/h"]) == "/h/.cache/moby")
    }
}
