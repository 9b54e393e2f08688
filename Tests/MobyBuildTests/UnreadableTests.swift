import Archive
import Extents
import FoundationEssentials
import MobySpec
import TestSupport
import Testing

@testable import MobyBuild
@testable import OCI

/// What cannot be read is an error that names it: never "there is none", which the cache would keep.
struct UnreadableTests {
    /// The contents of a file that has been removed.
    private static func unreadable(_ folder: String) throws -> ExtentList {
        try TestFile.write([1, 2, 3], to: folder + "/gone")
        let content = try ExtentList(file: folder + "/gone")
        try FileManager.default.removeItem(atPath: folder + "/gone")
        return content
    }

    @Test func accounts() async throws {
        try await Workshop.with { workshop in
            let long = String(repeating: "#", count: 5 << 20)
            let image = try workshop.image("test/tool:1", [("etc", .directory()), ("etc/passwd", .file(long))])
            let images = ImageSet(
                store: workshop.store, cache: BuildCache(store: workshop.store), images: [image.name: image])
            // The second time as well: nothing has been kept.
            for _ in 0..<2 {
                let error = #expect(throws: BuildError.self) { try images.accounts(image) }
                #expect(error?.description.contains("reading '/etc/passwd'") == true)
            }
            var tree = FileTree()
            tree.set(TreePath("passwd"), FileTree.Node(.regular(try Self.unreadable(workshop.folder)), mode: 0o644))
            let error = #expect(throws: BuildError.self) { try tree.contents(of: TreePath("passwd")) }
            #expect(error?.description.hasPrefix("reading '/passwd': ") == true)
        }
    }

    @Test func orderOfModules() async throws {
        try await withTemporaryDirectory { folder in
            var tree = try Workshop.tree([
                ("lib", .directory()), ("lib/modules", .directory()), ("lib/modules/6.1", .directory()),
                ("lib/modules/6.1/a.ko", .bytes(ModuleFile.bytes(modinfo: ["depends="]))),
            ])
            let path = TreePath("lib/modules/6.1/modules.order")
            tree.set(path, FileTree.Node(.regular(try Self.unreadable(folder)), mode: 0o644))
            let modules = try KernelModules(tree)
            let error = #expect(throws: BuildError.self) { try modules.pruned(tree, keeping: modules.modules) }
            #expect(error?.description.hasPrefix("reading 'lib/modules/6.1/modules.order': ") == true)
        }
    }

    @Test func configurationOfTheKernel() async throws {
        let files: [(String, Workshop.Entry)] = [
            ("kernel", .file("K")), ("config.gz", .bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF])),
        ]
        let error = await #expect(throws: BuildError.self) {
            _ = try await KernelImageTests.build(files, kernel: "  tar: none\n")
        }
        #expect(error?.description.hasPrefix("reading 'config.gz' of kernel image 'docker.io/test/kernel:1': ") == true)
    }

    @Test func modulesArchive() async throws {
        let tree = try Workshop.tree([
            ("lib", .directory()), ("lib/modules", .directory()), ("lib/modules/6.1", .directory()),
            ("lib/modules/6.1/a.ko", .file("cut")),
        ])
        let files: [(String, Workshop.Entry)] = [
            ("kernel", .file("K")), ("kernel.tar", .bytes(try Workshop.tar(tree))),
        ]
        let error = await #expect(throws: BuildError.self) { _ = try await KernelImageTests.build(files) }
        #expect(error?.description.contains("'lib/modules/6.1/a.ko' is not a kernel module") == true)
    }

    @Test func imagesThatLintLooksFor() async throws {
        try await Workshop.with { workshop in
            let store = workshop.store
            let image = try workshop.image("test/good:1", [("init", .program(ProgramFile.bytes()))])
            // A manifest with a layer that its configuration does not know.
            let platform = Platform(architecture: "amd64")
            let config = try JSONText.compact(
                ImageConfig(platform: platform, config: ImageConfig.Execution(), diffIDs: []))
            let bad = try store.addManifest(
                config: config, layers: image.layers, name: "test/bad:1", platform: platform)
            let size = try #require(try store.blob(bad.digest, limit: 1 << 20)).count
            try store.set(
                bad.name, to: Descriptor(mediaType: MediaType.manifest, digest: bad.digest, size: UInt64(size)))
            let spec = try workshop.spec("init: [\"test/bad:1\"]\n")
            let error = await #expect(throws: BuildError.self) {
                _ = try await Linter(store: store, options: workshop.options()).check(spec)
            }
            #expect(
                error?.description.hasPrefix("looking up image 'docker.io/test/bad:1' in the store: ") == true)
        }
    }
}
