import Archive
import Extents
import FoundationEssentials
import MobySpec
import OCI
import TestSupport
import Testing

@testable import MobyBuild

struct SourcesTests {
    private static let boot = "kernel: {image: \"test/kernel:1\", tar: none}\ninit: [\"test/init:1\"]\n"

    /// Writes a tree of plain files and directories to disk.
    static func write(_ tree: FileTree, to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for path in tree.paths {
            guard let node = tree[path] else { continue }
            if case .regular(let content) = node.kind { try ExtentWriter.write(content, to: "\(folder)/\(path)") }
            if case .directory = node.kind {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(path)", withIntermediateDirectories: true)
            }
        }
    }

    @Test func oneImageFromThreeSourcesIsTheSameInitrd() async throws {
        try await Workshop.with { workshop in
            try LintTests.fill(workshop)
            let image = try workshop.image(
                "test/app:1", [("bin", .directory()), ("bin/app", .file("APP", mode: 0o755))]
            ) {
                $0.cmd = ["/bin/app"]
            }
            let (layout, archive) = (workshop.folder + "/layout", workshop.folder + "/app.tar")
            try Self.write(VolumeLayouts.tree([image], store: workshop.store), to: layout)
            _ = try Oracle("skopeo").output([
                "--insecure-policy", "copy", "oci:\(layout)", "docker-archive:\(archive):test/app:1",
            ])
            var initrds: [[UInt8]] = []
            for source in ["test/app:1", "oci:\(layout)", "docker-archive:\(archive)"] {
                // Each by itself: nothing comes from a cache that another has filled.
                try? FileManager.default.removeItem(atPath: workshop.store.path + "/segments")
                let spec = try workshop.spec(Self.boot + "services:\n  - {name: app, image: \"\(source)\"}\n")
                let result = try await Builder(store: workshop.store, options: workshop.options()).build(spec)
                initrds.append(
                    try workshop.read(try #require(result.files.first { $0.path.hasSuffix("-initrd.img") }).path))
            }
            #expect(initrds.count == 3 && initrds[0] == initrds[1] && initrds[1] == initrds[2])
        }
    }

    @Test func volumeAsALayoutIsOneThatSkopeoReads() async throws {
        try await Workshop.with { workshop in
            try workshop.image("test/app:1", [("app", .file("APP"))]) { $0.cmd = ["/app"] }
            try LintTests.fill(workshop)
            let yaml =
                Self.boot + "volumes:\n  - {name: apps, image: \"test/app:1\", format: oci, platforms: [linux/amd64]}\n"
            let builder = Builder(
                store: workshop.store, options: workshop.options { $0.compression = Archive.Compression.none })
            let result = try await builder.build(workshop.spec(yaml))
            let segment = try #require(result.segments.first { $0.key.role == .volume })
            let names = try segment.listing.split(separator: "\n").compactMap {
                $0.split(separator: " ").last
            }
            #expect(
                names.contains("containers/volumes/apps/lower/oci-layout")
                    && names.contains("containers/volumes/apps/lower/index.json"))
            let image = try #require(
                try workshop.store.image(named: "docker.io/test/app:1", platform: Platform(architecture: "amd64")))
            let layout = workshop.folder + "/layout"
            try Self.write(VolumeLayouts.tree([image], store: workshop.store), to: layout)
            #expect(
                try Oracle("skopeo").output(["inspect", "--format", "{{.Digest}}", "oci:\(layout)"])
                    == "\(image.digest)\n")
        }
    }

    @Test func readOnlyVolumeHasNowhereForChanges() throws {
        var tree = SpecTree(over: RootState())
        for volume in try Workshop.spec(
            "volumes:\n  - {name: a}\n  - {name: b, readonly: true}\n  - {name: c, image: x}\n"
        ).volumes {
            tree.add(volume: volume)
        }
        let names = tree.tree.paths.map(\.description).filter { $0.split(separator: "/").count == 4 }
        #expect(
            names
                == ["a/lower", "a/merged", "a/tmp", "b/lower", "b/merged", "c/merged", "c/tmp"].map {
                    "containers/volumes/" + $0
                })
    }
}
