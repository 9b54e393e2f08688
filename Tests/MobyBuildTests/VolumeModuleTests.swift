import MobySpec
import OCI
import Testing

@testable import MobyBuild

/// A volume on a disk needs a kernel that has its file system.
@Suite struct VolumeModuleTests {
    private func messages(_ format: String, configuration: String?, modules: [String] = []) async throws -> [String] {
        try await Workshop.with { workshop in
            var files: [(String, Workshop.Entry)] = [("kernel", .file("K"))]
            if let configuration { files.append(("config", .file(configuration))) }
            try LintTests.fill(workshop)
            try workshop.image("test/kernel:2", files)
            // An init image may bring modules as well as the kernel's.
            var tree: [(String, Workshop.Entry)] = [
                ("init", .program(ProgramFile.bytes())), ("usr", .directory()), ("usr/bin", .directory()),
                ("usr/bin/runc", .program(ProgramFile.bytes())), ("usr/lib", .directory()),
            ]
            tree += modules.map { ("usr/lib/\($0)", .file("")) }
            try workshop.image("test/init:2", tree)
            let spec = try workshop.spec(
                """
                kernel: {image: "test/kernel:2", tar: none}
                init: ["test/init:2"]
                volumes: [{name: data, device: LABEL=data, format: \(format)}]
                """)
            let found = try await Linter(store: workshop.store, options: workshop.options()).check(spec)
            return found.diagnostics.filter { $0.severity == .error }.map(\.message)
        }
    }

    private static let missing = "kernel image 'test/kernel:2' has no module 'xfs', which volume 'data' needs"

    @Test func kernelNeedsTheFileSystemOrItsModule() async throws {
        #expect(try await messages("xfs", configuration: "CONFIG_XFS_FS=m\n") == [Self.missing])
        #expect(try await messages("xfs", configuration: "CONFIG_XFS_FS=y\n") == [])
        #expect(try await messages("xfs", configuration: "CONFIG_XFS_FS=m\n", modules: ["xfs.ko.xz"]) == [])
        #expect(try await messages("ext4", configuration: "CONFIG_EXT4_FS=y\n") == [])
        // Nothing is known of a kernel without its configuration.
        #expect(try await messages("xfs", configuration: nil) == [])
    }
}
