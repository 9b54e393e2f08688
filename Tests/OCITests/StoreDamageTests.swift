import Archive
import Extents
import Glibc
import TestSupport
import Testing

@testable import OCI

/// Stored bytes that changed by themselves, and files that are not what they should be.
struct StoreDamageTests {
    private static func flip(_ path: String) throws {
        var bytes = try TestFile.read(path)
        bytes[bytes.count / 2] ^= 0x01
        try TestFile.write(bytes, to: path)
    }

    @Test func aDamagedLayerIsUnpackedAgain() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let layer = sample.layers[0]
            let bytes = try ExtentReader.bytes(
                of: try ContentStoreTests.filled(folder, sample).uncompressedLayer(layer))
            // Another process: it trusts nothing that it has not read.
            let store = try ContentStore(path: "\(folder)/store")
            try Self.flip(store.layerPath(layer.diffID))
            #expect(try ExtentReader.bytes(of: try store.uncompressedLayer(layer)) == bytes)
            #expect(store.damage.map(\.digest) == [layer.diffID])
            #expect(try store.verify().isWhole)
            // The file is compared again when it is another one.
            try Self.flip(store.layerPath(layer.diffID))
            #expect(try ExtentReader.bytes(of: try store.uncompressedLayer(layer)) == bytes)
            #expect(store.damage.count == 2)
            var trusting = store
            trusting.verifies = false
            try Self.flip(store.layerPath(layer.diffID))
            #expect(try ExtentReader.bytes(of: try trusting.uncompressedLayer(layer)) != bytes)
        }
    }

    /// A layer that is not compressed, a configuration, a manifest: fetched again from where they came.
    @Test(arguments: ["layer", "config", "manifest"]) func aDamagedBlobIsFetchedAgain(what: String) async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage(compression: .none)
            try sample.write(layout: "\(folder)/layout")
            _ = try await LocalSourceTests.provider(folder).image("oci:\(folder)/layout")
            let store = try ContentStore(path: "\(folder)/store")
            let digest = [
                "config": sample.configDigest, "layer": sample.layers[0].digest, "manifest": sample.descriptor.digest,
            ][what]
            try Self.flip(store.blobPath(try #require(digest)))
            var image = try await LocalSourceTests.provider(folder).image("oci:\(folder)/layout")
            if what == "layer" {
                let error = #expect(throws: ContextError.self) { try store.uncompressedLayers(of: image) }
                #expect(
                    error?.description.hasPrefix(
                        "reading layer 1 of 1 of image 'oci:\(folder)/layout': blob sha256:") == true)
                #expect(store.damage.map(\.digest) == [sample.layers[0].digest])
                image = try await LocalSourceTests.provider(folder).image("oci:\(folder)/layout")
            }
            #expect(try store.uncompressedLayers(of: image).count == 1)
            #expect(try store.verify().isWhole)
        }
    }

    /// A name that cannot be read leads to something: nothing may be removed as long as that is not known.
    @Test(arguments: ["refs", "manifest", "config"]) func nothingIsPrunedWhenANameCannotBeFollowed(what: String)
        async throws
    {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let store = try ContentStoreTests.filled(folder, sample)
            let reference = "refs/\(ContentStore.fileName(of: "docker.io/acme/web:1"))"
            let file = [
                "refs": reference, "manifest": "blobs/sha256/\(sample.descriptor.digest.hex)",
                "config": "blobs/sha256/\(sample.configDigest.hex)",
            ]
            let name = try #require(file[what])
            try TestFile.write("garbage", to: "\(store.path)/\(name)")
            #expect(try store.verify().damaged == [name])
            let later = Int64(time(nil)) + 10
            let error = #expect(throws: StoreError.self) { try store.prune(notUsedSince: later) }
            #expect(
                error?.description.contains("'\(name)'") == true && error?.hint?.contains("verify --repair") == true)
            #expect(try store.verify(repair: true).damaged == [name])
            #expect(try store.verify().damaged.isEmpty)
            #expect(try store.has(sample.layers[0].digest, size: sample.layers[0].size))
        }
    }

    /// The files at the top are derived or fixed: what is damaged there is reported and written again.
    @Test(arguments: ["moby-store", "oci-layout", "index.json"]) func filesAtTheTopAreVerified(name: String) throws {
        try withTemporaryDirectory { folder in
            let store = try ContentStoreTests.filled(folder, try SampleImage())
            let path = "\(store.path)/\(name)"
            let whole = try TestFile.read(path)
            #expect(try store.verify().isWhole)
            for text in ["", "garbage", #"{"schemaVersion":2,"manifests":[]}"#] {
                try TestFile.write(text, to: path)
                #expect(try ContentStore(reading: store.path).verify().damaged == [name])
                #expect(try ContentStore(path: store.path).verify(repair: true).damaged == [name])
                #expect(try TestFile.read(path) == whole)
            }
        }
    }

    /// A process that was killed after it changed a name and before it wrote the list of names.
    @Test func aListThatIsBehindIsWrittenAgain() throws {
        try withTemporaryDirectory { folder in
            let store = try ContentStoreTests.filled(folder, try SampleImage())
            let (path, names) = ("\(store.path)/index.json", "\(store.path)/refs")
            let whole = try TestFile.read(path)
            func leaveBehind() throws {
                try TestFile.write(#"{"schemaVersion":2,"manifests":[]}"#, to: path)
                var info = stat()
                #expect(lstat(path, &info) == 0)
                let later = timespec(tv_sec: info.st_mtim.tv_sec + 1, tv_nsec: 0)
                #expect(utimensat(AT_FDCWD, names, [later, later], 0) == 0)
            }
            try leaveBehind()
            #expect(try ContentStore(reading: store.path).verify().isWhole)
            // The same name again.
            let entry = try #require(try store.entries().first)
            try store.set(entry.name, to: entry.descriptor)
            #expect(try TestFile.read(path) == whole)
            try leaveBehind()
            try store.prepare()
            #expect(try TestFile.read(path) == whole)
            #expect(try store.verify().isWhole)
        }
    }

    /// A file that cannot be read is not treated as a missing one: prune would remove what it leads to, and verify
    /// would call a name incomplete.
    @Test(arguments: ["manifest", "config"]) func unreadableIsNotMissing(what: String) throws {
        try withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let store = try ContentStoreTests.filled(folder, sample)
            let digest = what == "config" ? sample.configDigest : sample.descriptor.digest
            // A link to itself represents a disk that gives errors; root may read everything else.
            #expect(unlink(store.blobPath(digest)) == 0 && symlink(digest.hex, store.blobPath(digest)) == 0)
            for attempt in [
                { _ = try store.blob(digest) }, { _ = try store.prune(notUsedSince: Int64(time(nil)) + 10) },
                { _ = try store.image(named: "acme/web:1", platform: ContentStoreTests.platform) },
            ] {
                let error = #expect(throws: FileError.self) { try attempt() }
                #expect(error?.code == ELOOP && error?.path == store.blobPath(digest))
            }
        }
    }

    @Test func aFolderInThePlaceOfABlob() async throws {
        try await withTemporaryDirectory { folder in
            let sample = try SampleImage()
            let store = try ContentStoreTests.filled(folder, sample)
            let blob = store.blobPath(sample.layers[0].digest)
            #expect(unlink(blob) == 0)
            try TestFile.write("x", to: "\(blob)/file")
            let name = "blobs/sha256/\(sample.layers[0].digest.hex)"
            let found = try store.verify(repair: true)
            #expect(found.damaged == [name] && found.stuck == [name])
            let bytes = try #require(sample.blobs[sample.layers[0].digest])
            #expect(throws: StoreError.folderInTheWay(blob)) { try store.ingest(bytes) }
            #expect(unlink("\(blob)/file") == 0)
            // An empty one gives way by itself, and is removed by a repair.
            #expect(try store.ingest(bytes) == sample.layers[0].digest)
            #expect(unlink(blob) == 0 && mkdir(blob, 0o755) == 0)
            let again = try store.verify(repair: true)
            #expect(again.damaged == [name] && again.stuck.isEmpty)
        }
    }

    /// Two processes unpack one layer, and the first one reads it already.
    @Test func theSecondWriterOfEqualBytesDisturbsNoReader() async throws {
        try await withTemporaryDirectory { folder in
            let store = try ContentStore(path: "\(folder)/store")
            let digest = try store.ingest([1, 2, 3])
            let reader = try ExtentList(file: store.blobPath(digest))
            #expect(try store.ingest([1, 2, 3]) == digest)
            #expect(try ExtentReader.bytes(of: reader) == [1, 2, 3])
            // One that is damaged gives way.
            try TestFile.write([9, 2, 3], to: store.blobPath(digest))
            #expect(try store.ingest([1, 2, 3]) == digest)
            #expect(try TestFile.read(store.blobPath(digest)) == [1, 2, 3])
            #expect(try FolderTree.names(in: "\(store.path)/tmp").isEmpty)
        }
    }

    @Test func exportHasBothNamesAndImportNamesTheFile() async throws {
        try await withTemporaryDirectory { folder in
            let store = try ContentStoreTests.filled(folder, try SampleImage())
            var bytes: [UInt8] = []
            try store.export(["acme/web:1"], platforms: .these([ContentStoreTests.platform]), .oci) { bytes += $0 }
            try TestFile.write(bytes, to: "\(folder)/a.tar")
            let index = try await Oracle("bsdtar")("-xOf", "\(folder)/a.tar", "index.json")
            for name in ["org.opencontainers.image.ref.name", "io.containerd.image.name"] {
                #expect(
                    index.contains(#""\#(name)":"docker.io\/acme\/web:1""#)
                        || index.contains(#""\#(name)":"docker.io/acme/web:1""#))
            }
            for text in ["", "not an archive"] {
                try TestFile.write(text, to: "\(folder)/f")
                let error = #expect(throws: ImageError.self) {
                    try store.importArchive("\(folder)/f", platforms: .these([ContentStoreTests.platform]))
                }
                #expect(error?.description.hasPrefix("importing '\(folder)/f': ") == true)
            }
        }
    }
}
