import Archive
import Extents
import Foundation
import Glibc
import TestSupport
import Testing

@testable import DiskImage

/// Images of random trees, judged by `fsck.erofs`, and read back.
@Suite struct EROFSTests {
    static let uuid: [UInt8] = (1...16).map { UInt8($0) }

    private func image(_ tree: FileTree, level: Int, in folder: String) throws -> ExtentList {
        let options = EROFS.Options(uuid: Self.uuid, label: "test", time: 1_700_000_000)
        if level == 0 { return try EROFS.image(of: tree, options) }
        let scratch = try PartialFile(folder + "/clusters")
        return try withExtendedLifetime(scratch) {
            let image = try EROFS.compressedImage(of: tree, options, level: level, scratch: scratch)
            return ExtentList(bytes: try ExtentReader.bytes(of: image, limit: 1 << 30))
        }
    }

    @Test(arguments: 0..<6, [0, 1, 9]) func readsBackWhatWasWritten(seed: UInt64, level: Int) async throws {
        try await withTemporaryDirectory { folder in
            let tree = EROFSTree(seed: seed).tree
            let image = try image(tree, level: level, in: folder)
            #expect(
                try ExtentReader.bytes(of: image, limit: 1 << 30)
                    == ExtentReader.bytes(of: try self.image(tree, level: level, in: folder), limit: 1 << 30))
            #expect(try erofsListing(try EROFS.Reader(image).tree()) == erofsListing(tree))
        }
    }

    @Test(arguments: 0..<6, [0, 1]) func fsckFindsTheSameFiles(seed: UInt64, level: Int) async throws {
        try await withTemporaryDirectory { folder in
            let tree = EROFSTree(seed: 100 + seed).tree
            let path = folder + "/image"
            try ExtentWriter.write(try image(tree, level: level, in: folder), to: path)
            try await Oracle("fsck.erofs")(
                "--extract=\(folder)/root", "--no-preserve-owner", "--preserve-perms", "--force", path)
            var compared = 0
            var children: [TreePath: Int] = [:]
            for name in tree.paths where !name.isRoot { children[name.parent, default: 0] += 1 }
            for name in tree.paths where !name.isRoot {
                guard let node = tree[name] else { continue }
                let file = "\(folder)/root/\(name)"
                switch node.kind {
                case .regular(let list):
                    let theirs = FileManager.default.contents(atPath: file).map(Array.init)
                    #expect(theirs == (try ExtentReader.bytes(of: list)), "'\(name)' of seed \(seed)")
                    compared += 1
                case .symlink(let target):
                    var buffer = [CChar](repeating: 0, count: 4096)
                    let count = readlink(file, &buffer, buffer.count)
                    #expect(
                        buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) } == target,
                        "'\(name)' of seed \(seed)")
                case .directory:
                    #expect(
                        try TestFile.names(in: file).count == children[name, default: 0])
                default: continue
                }
            }
            #expect(compared > 10)
        }
    }

    @Test func dumpReadsTheSuperblock() async throws {
        try await withTemporaryDirectory { folder in
            let tree = EROFSTree(seed: 3).tree
            try ExtentWriter.write(try image(tree, level: 1, in: folder), to: folder + "/image")
            let text = try await Oracle("dump.erofs")("-s", folder + "/image")
            #expect(text.contains("Filesystem UUID:                              01020304-0506-0708-090a-0b0c0d0e0f10"))
            #expect(text.contains("sb_csum mtime 0padding big_pcluster"))
            #expect(text.contains("Tue Nov 14 22:13:20 2023"))
        }
    }

    /// Files of mkfs.erofs with a full index, and with none.
    @Test(arguments: [[], ["-zlz4hc,9", "-Elegacy-compress"], ["-zlz4", "-C65536", "-Elegacy-compress"]])
    func readsForeignImages(_ options: [String]) async throws {
        try await withTemporaryDirectory { folder in
            let root = folder + "/root"
            try FileManager.default.createDirectory(atPath: root + "/a/b", withIntermediateDirectories: true)
            let text = (0..<90_000).map { "line \($0 * 7919 % 10007)\n" }.joined()
            try TestFile.write(text, to: root + "/a/b/text")
            try TestFile.write("short", to: root + "/short")
            let answer = try await Oracle("mkfs.erofs").run(options + [folder + "/image", root])
            #expect(answer.succeeded, "\(answer.complaint)")
            let reader = try EROFS.Reader(ExtentList(file: folder + "/image"))
            let found = try reader.find(TreePath("a/b/text"))
            #expect(try found.map { try reader.contents(of: $0) } == Array(text.utf8))
            let short = try reader.find(TreePath("short"))
            #expect(try short.map { try reader.contents(of: $0) } == Array("short".utf8))
            #expect(try reader.find(TreePath("a/none")) == nil)
        }
    }

    @Test func saysWhatCannotBeStored() throws {
        func problem(_ path: StaticString, _ node: FileTree.Node) -> String? {
            var tree = FileTree()
            tree.set(TreePath(path), node)
            return #expect(throws: DiskImageError.self) { _ = try EROFS.image(of: tree) }?.description
        }
        #expect(problem("a/b", .init(.fifo, mode: 0)) == "'/a/b': its parent is not a directory of the tree")
        #expect(
            problem("a", .init(.symlink([UInt8](repeating: 97, count: 4096)), mode: 0))?.contains("4096 bytes") == true)
        #expect(
            problem("a", .init(.fifo, mode: 0, attributes: [.init(name: "odd", value: [])]))?.contains(
                "'odd' cannot be stored") == true)
    }

    /// Large files cost no memory and keep their holes.
    @Test func largeFilesStayExtents() throws {
        var tree = FileTree()
        tree.set(TreePath("large"), FileTree.Node(.regular(ExtentList([.hole(5 << 30), .bytes([1])])), mode: 0o600))
        let image = try EROFS.image(of: tree)
        #expect(image.length > 5 << 30)
        #expect(image.extents.count < 8)
        let large = try #require(try EROFS.Reader(image).find(TreePath("large")))
        #expect(large.size == 5 << 30 + 1)
    }
}

extension EROFS.Reader {
    /// The whole tree with its contents.
    func tree() throws -> FileTree {
        var tree = FileTree()
        var first: [UInt64: TreePath] = [:]
        try walk { path, inode in
            if let other = first[inode.nid], tree.link(path, to: other) { return }
            first[inode.nid] = path
            let kind: FileTree.Kind =
                switch inode.type {
                case .directory: .directory
                case .regular: .regular(ExtentList(bytes: try contents(of: inode)))
                case .symlink: .symlink(try contents(of: inode))
                case .characterDevice: .characterDevice(major: inode.device.major, minor: inode.device.minor)
                case .blockDevice: .blockDevice(major: inode.device.major, minor: inode.device.minor)
                case .fifo, .socket: .fifo
                }
            tree.set(
                path,
                FileTree.Node(
                    kind, mode: inode.mode, uid: inode.uid, gid: inode.gid, modified: inode.modified,
                    attributes: try attributes(of: inode))
            )
        }
        return tree
    }
}
