import Archive
import BootLayout
import DiskImage
import Extents
import MobySpec
import OCI
import TestSupport
import Testing

@testable import MobyBuild

/// The format `kernel+erofs`.
struct DiskRootTests {
    static let yaml = """
        kernel:
          image: test/bare:1
          cmdline: console=ttyS0
          tar: none
        init:
          - test/diskinit:1
          - test/runc:1
        services:
          - name: web
            image: test/nginx:1
        files:
          - path: etc/motd
            contents: hello
        """

    func fill(_ workshop: Workshop, mark: String = RootFileSystem.allCases.map(\.featureMarker).joined(separator: "…"))
        throws
    {
        try BuilderTests.fill(workshop)
        try workshop.image("test/bare:1", [("kernel", .file("KERNEL"))])
        try workshop.image(
            "test/diskinit:1",
            [
                ("init", .link("usr/bin/init")), ("usr", .directory()), ("usr/bin", .directory()),
                ("usr/bin/init", .file(ProgramFile.head + "…\(mark)…", mode: 0o755)),
            ])
    }

    private func build(_ workshop: Workshop, _ formats: [String]) async throws -> BuildResult {
        try await Builder(store: workshop.store, options: workshop.options { $0.formats = formats }).build(
            workshop.spec(Self.yaml))
    }

    @Test func rootIsThatOfTheTar() async throws {
        try await Workshop.with { workshop in
            try fill(workshop)
            let result = try await build(workshop, ["kernel+erofs", "tar"])
            #expect(
                result.files.map(\.path).map { $0.split(separator: "/").last } == [
                    "web-kernel", "web-initrd.img", "web-erofs.img", "web-cmdline", "web.tar",
                ])
            let reader = try EROFS.Reader(ExtentList(file: workshop.folder + "/out/web-erofs.img"))
            var ours: [String] = []
            try reader.walk { path, inode in
                let contents =
                    inode.isRegular || inode.isSymlink
                    ? String(decoding: try reader.contents(of: inode), as: UTF8.self) : ""
                if !path.isRoot { ours.append("\(path) \(inode.mode) \(inode.uid) \(contents)") }
            }
            let tar = try FileTree.tar(ExtentList(file: workshop.folder + "/out/web.tar"))
            let theirs = try tar.paths.filter { !$0.isRoot && !$0.isInside(TreePath("boot")) }.compactMap { path in
                try tar[path].map { node in
                    let contents: [UInt8] =
                        switch node.kind {
                        case .regular(let list): try ExtentReader.bytes(of: list)
                        case .symlink(let target): target
                        default: []
                        }
                    return "\(path) \(node.mode) \(node.uid) \(String(decoding: contents, as: UTF8.self))"
                }
            }
            #expect(ours.sorted() == theirs.sorted())
            #expect(ours.contains { $0.hasPrefix("etc/motd ") })
        }
    }

    /// The names, modes, owners and contents of an archive or of a disk.
    private func line(_ path: TreePath, _ mode: UInt16, _ uid: UInt32, _ contents: [UInt8]) -> String {
        "\(path) \(mode) \(uid) \(String(decoding: contents, as: UTF8.self))"
    }

    @Test func discIsTheTarToo() async throws {
        try await Workshop.with { workshop in
            try fill(workshop)
            let result = try await build(workshop, ["kernel+iso", "tar"])
            #expect(
                result.files.map(\.path).map { $0.split(separator: "/").last } == [
                    "web-kernel", "web-initrd.img", "web.iso", "web-cmdline", "web.tar",
                ])
            let volume = try ISO9660.read(try ExtentList(file: workshop.folder + "/out/web.iso"))
            #expect(
                try workshop.read(workshop.folder + "/out/web-cmdline")
                    == Array("console=ttyS0 moby.root=LABEL=\(volume.volumeID)".utf8))
            let ours = try volume.entries.map { entry in
                let contents: [UInt8] =
                    switch entry.kind {
                    case .file(let list): try ExtentReader.bytes(of: list)
                    case .symlink(let target): target
                    default: []
                    }
                return line(try #require(TreePath(entry.path)), entry.mode, entry.uid, contents)
            }
            let tar = try FileTree.tar(ExtentList(file: workshop.folder + "/out/web.tar"))
            let theirs = try tar.paths.filter { !$0.isRoot && !$0.isInside(TreePath("boot")) }.map { path in
                let node = try #require(tar[path])
                let contents: [UInt8] =
                    switch node.kind {
                    case .regular(let list): try ExtentReader.bytes(of: list)
                    case .symlink(let target): target
                    default: []
                    }
                return line(path, node.mode, node.uid, contents)
            }
            #expect(ours.sorted() == theirs.sorted())
        }
    }

    @Test func discSaysWhatItLosesAndWhatInitMustKnow() async throws {
        try await Workshop.with { workshop in
            try fill(workshop)
            let attribute = FileTree.Attribute(name: "security.capability", value: [1, 0, 0, 2])
            try workshop.image(
                "test/nginx:1", [("ping", .file(ProgramFile.head, mode: 0o755, attributes: [attribute]))]
            ) {
                $0.entrypoint = ["/ping"]
            }
            let result = try await build(workshop, ["kernel+iso"])
            #expect(
                result.warnings.map(\.message) == [
                    "1 file of 'test/nginx:1' has extended attributes, which ISO 9660 cannot carry"
                ])
            #expect(try await build(workshop, ["kernel+erofs"]).warnings.isEmpty)
            // An init older than roots on disks.
            try fill(workshop, mark: RootFileSystem.erofs.featureMarker)
            let error = await #expect(throws: BuildError.self) { _ = try await build(workshop, ["kernel+iso"]) }
            #expect(error?.description.contains("does not support 'moby.root=' for ISO 9660") == true)
        }
    }

    @Test func initrdHoldsInitAndSentinelOnly() async throws {
        try await Workshop.with { workshop in
            try fill(workshop)
            let result = try await build(workshop, ["kernel+erofs"])
            let tree = try FileTree(initramfs: ExtentList(file: workshop.folder + "/out/web-initrd.img"))
            #expect(
                tree.paths.map(\.description) == ["dev", "etc", "etc/moby", "etc/moby/sentinel", "init", "proc", "sys"])
            let uuid = try EROFS.Reader(ExtentList(file: workshop.folder + "/out/web-erofs.img")).superblock.uuidText
            #expect(
                try workshop.read(workshop.folder + "/out/web-cmdline")
                    == Array("console=ttyS0 moby.root=UUID=\(uuid)".utf8))
            #expect(result.minMemory < 128)
        }
    }

    @Test func sameInputSameBytesAlsoFromTheCache() async throws {
        try await Workshop.with { workshop in
            try fill(workshop)
            _ = try await build(workshop, ["kernel+erofs"])
            let first = try workshop.read(workshop.folder + "/out/web-erofs.img")
            _ = try await build(workshop, ["kernel+erofs"])
            #expect(try workshop.read(workshop.folder + "/out/web-erofs.img") == first)
            try await Workshop.with { other in
                try fill(other)
                _ = try await build(other, ["kernel+erofs"])
                #expect(try other.read(other.folder + "/out/web-erofs.img") == first)
            }
        }
    }

    @Test func foreignInitAndMissingModulesAreTold() async throws {
        try await Workshop.with { workshop in
            try fill(workshop, mark: "other")
            let error = await #expect(throws: BuildError.self) { _ = try await build(workshop, ["kernel+erofs"]) }
            #expect(error?.description.contains("does not support 'moby.root=' for EROFS") == true)
            try fill(workshop)
            let yaml = Self.yaml.replacing("test/bare:1", with: "test/kernel:1").replacing("  tar: none\n", with: "")
            let options = workshop.options { $0.formats = ["kernel+erofs"] }
            let missing = await #expect(throws: BuildError.self) {
                _ = try await Builder(store: workshop.store, options: options).build(workshop.spec(yaml))
            }
            #expect(
                missing?.description
                    == "kernel image 'docker.io/test/kernel:1' has no module 'erofs', which a root on a disk needs")
        }
    }
}
