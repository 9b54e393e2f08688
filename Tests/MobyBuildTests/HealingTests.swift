import Archive
import Extents
import FoundationEssentials
import Glibc
import OCI
import TestSupport
import Testing

@testable import MobyBuild

/// A byte that changed in the store never reaches an output.
struct HealingTests {
    enum Target: String, CaseIterable { case layer, blob, plainBlob, segment, configuration }

    private static let boot = "kernel: {image: \"test/kernel:1\", tar: none}\ninit:\n  - test/init:1\n"
    private static let yaml = boot + "  - oci:LAYOUT\n"

    private static func sample(_ target: Target) throws -> SampleImage {
        try SampleImage(
            layers: [SampleTar.tar(["etc/motd": "hello\n"])], compression: target == .plainBlob ? .none : .gzip)
    }

    private static func build(_ workshop: Workshop, verifies: Bool = true) async throws -> [UInt8] {
        // As another process does it.
        let store = try ContentStore(path: workshop.store.path)
        let options = workshop.options {
            $0.compression = Archive.Compression.none
            $0.formats = ["kernel+initrd"]
            $0.verifies = verifies
        }
        let spec = try Workshop.spec(Self.yaml.replacing("LAYOUT", with: "\(workshop.folder)/layout"))
        _ = try await Healing(store: store).run {
            try await Builder(store: store, options: options).build(spec)
        }
        return try workshop.read(workshop.folder + "/out/web-initrd.img")
    }

    private static func damage(_ target: Target, _ sample: SampleImage, in store: ContentStore) throws {
        let layer = sample.layers[0]
        let paths: [String]
        switch target {
        case .layer: paths = ["\(store.path)/layers/\(layer.diffID.hex)"]
        case .blob, .plainBlob: paths = [store.blobPath(layer.digest)]
        case .configuration: paths = [store.blobPath(sample.configDigest)]
        case .segment:
            paths = try FolderTree.names(in: "\(store.path)/segments").filter { $0.utf8.count == 64 }.map {
                "\(store.path)/segments/\($0)"
            }
        }
        for path in paths {
            var bytes = try TestFile.read(path)
            // In the contents of the file where there is one: the rest of the archive stays as it was.
            let offset = bytes.indices.first { bytes[$0...].starts(with: "hello".utf8) } ?? bytes.count / 2
            bytes[offset] ^= 0x02
            try TestFile.write(bytes, to: path)
        }
        // All that is not the segment itself is only read when there is none.
        if target != .segment { try FolderTree.remove("\(store.path)/segments") }
        if target == .blob { try FolderTree.remove("\(store.path)/layers/\(layer.diffID.hex)") }
    }

    @Test(arguments: Target.allCases) func aFlippedByteNeverReachesAnOutput(_ target: Target) async throws {
        try await Workshop.with { workshop in
            try LintTests.fill(workshop)
            let sample = try Self.sample(target)
            try sample.write(layout: "\(workshop.folder)/layout")
            let right = try await Self.build(workshop)
            try Self.damage(target, sample, in: workshop.store)
            #expect(try await Self.build(workshop) == right)
            #expect(try ContentStore(path: workshop.store.path).verify().isWhole)
            #expect(try BuildCache(store: workshop.store).damaged(repair: false).found.isEmpty)
        }
    }

    @Test(arguments: [Target.layer, .plainBlob, .segment]) func whoTrustsTheStoreTakesItAsItIs(_ target: Target)
        async throws
    {
        try await Workshop.with { workshop in
            try LintTests.fill(workshop)
            let sample = try Self.sample(target)
            try sample.write(layout: "\(workshop.folder)/layout")
            let right = try await Self.build(workshop)
            try Self.damage(target, sample, in: workshop.store)
            #expect(try await Self.build(workshop, verifies: false) != right)
        }
    }

    /// A segment that an older version made from a damaged layer goes when the layer is found.
    @Test func whatWasMadeFromADamagedLayerIsMadeAgain() async throws {
        try await Workshop.with { workshop in
            try LintTests.fill(workshop)
            let sample = try Self.sample(.layer)
            try sample.write(layout: "\(workshop.folder)/layout")
            let right = try await Self.build(workshop)
            try Self.damage(.layer, sample, in: workshop.store)
            #expect(try await Self.build(workshop, verifies: false) != right)
            let found = try workshop.store.verify()
            #expect(try BuildCache(store: workshop.store).damaged(repair: false).found.isEmpty)
            #expect(try BuildCache(store: workshop.store).derived(from: found.digests, remove: true).count > 0)
            _ = try workshop.store.verify(repair: true)
            #expect(try await Self.build(workshop) == right)
        }
    }

    @Test func whatCannotBeFetchedAgainIsNamed() async throws {
        try await Workshop.with { workshop in
            try LintTests.fill(workshop)
            let image = try workshop.image("test/more:1", [("etc/motd", .file("hello"))])
            let path = workshop.store.blobPath(image.layers[0].digest)
            try TestFile.write(try TestFile.read(path).reversed(), to: path)
            let store = try ContentStore(path: workshop.store.path)
            let spec = try Workshop.spec(Self.boot + "  - test/more:1\n")
            let error = await #expect(throws: Healing.Failure.self) {
                try await Healing(store: store).run {
                    try await Builder(store: store, options: workshop.options()).build(spec)
                }
            }
            let text = "\(try #require(error))"
            #expect(
                text.contains(
                    "reading layer 1 of 1 of image 'docker.io/test/more:1': blob \(image.layers[0].digest) of the store was damaged"
                ))
            #expect(text.contains("then, while getting it again: "), "\(text)")
        }
    }
}
