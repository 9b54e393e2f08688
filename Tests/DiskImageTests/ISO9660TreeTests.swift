import Archive
import Extents
import TestSupport
import Testing

@testable import DiskImage

/// Trees as ISO 9660, judged by libarchive: every name with its type, mode, owner, size, device, target and the hash of
/// its contents.
@Suite struct ISO9660TreeTests {
    private static let words = "!all,type,mode,uid,gid,size,link,device,sha256,time"
    private static let bsdtar = Oracle("bsdtar")

    /// What libarchive finds in an archive, without the root and the hard links beyond the first name.
    private func manifest(_ path: String) async throws -> [Substring: Substring] {
        let options = Self.words.split(separator: ",").map { "mtree:\($0)" }.joined(separator: ",")
        let text = try await Self.bsdtar(
            "-cf", "-", "--format=mtree", "--options=\(options)", "@" + path, environment: ["LC_ALL": "C.UTF-8"])
        let lines = text.split(separator: "\n").dropFirst().map { $0.split(separator: " ", maxSplits: 1) }
        return Dictionary(lines.filter { $0[0] != "." && $0[0] != "./" }.map { ($0[0], $0.count > 1 ? $0[1] : "") }) {
            first, _ in first
        }
    }

    /// The tree without what ISO 9660 leaves out, and without hard links, which the two formats order in their own way.
    private func plain(_ tree: FileTree) -> FileTree {
        var plain = FileTree()
        for path in tree.paths where !path.isRoot {
            guard var node = tree[path] else { continue }
            node.attributes = []
            // libarchive has no sub-minute rounding to offer for times before 1970.
            node.modified = max(node.modified, 0)
            // It takes the two halves of a large number for one, where Linux takes them for major and minor.
            if case .characterDevice(let major, let minor) = node.kind {
                node.kind = .characterDevice(major: major, minor: minor % 256)
            }
            plain.set(path, node)
        }
        return plain
    }

    private func tar(of tree: FileTree) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let tar = TarWriter { bytes.append(contentsOf: $0) }
        try tar.add(tree)
        try tar.finish()
        return bytes
    }

    @Test(arguments: 0..<6) func libarchiveReadsWhatATarHas(seed: UInt64) async throws {
        try await withTemporaryDirectory { folder in
            let tree = plain(EROFSTree(seed: 200 + seed).tree)
            let (disc, archive) = (folder + "/root.iso", folder + "/root.tar")
            try ExtentWriter.write(try ISO9660.image(ISO9660.entries(of: tree), volumeID: "ROOT_1"), to: disc)
            try TestFile.write(try tar(of: tree), to: archive)
            let (ours, theirs) = (try await manifest(disc), try await manifest(archive))
            let different = Set(ours.keys).union(theirs.keys).filter { ours[$0] != theirs[$0] }.sorted()
            #expect(ours.count > 100)
            #expect(
                different.isEmpty, "\(different.prefix(3).map { "\($0): \(ours[$0] ?? "-") / \(theirs[$0] ?? "-")" })")
        }
    }

    @Test(arguments: 0..<6) func theReaderGivesTheTreeBack(seed: UInt64) throws {
        let tree = EROFSTree(seed: 300 + seed).tree
        let volume = try ISO9660.read(try ISO9660.image(ISO9660.entries(of: tree), volumeID: "ROOT_1"))
        var (back, sectors) = (FileTree(), [TreePath: ExtentList]())
        for entry in volume.entries {
            let path = try #require(TreePath(entry.path))
            if case .file(let list) = entry.kind { sectors[path] = list }
            back.set(path, try node(entry))
        }
        for path in tree.paths where !path.isRoot {
            guard let (ours, theirs) = tree[path].flatMap({ node in back[path].map { (node, $0) } }) else {
                Issue.record("no '\(path)'")
                continue
            }
            #expect(
                ours.mode == theirs.mode && ours.uid == theirs.uid && ours.gid == theirs.gid
                    && ours.modified == theirs.modified)
        }
        #expect(back.paths == tree.paths.filter { !$0.isRoot })
    }

    private func node(_ entry: ISO9660.Entry) throws -> FileTree.Node {
        let kind: FileTree.Kind =
            switch entry.kind {
            case .directory: .directory
            case .file(let list): .regular(list)
            case .symlink(let target): .symlink(target)
            case .characterDevice(let major, let minor): .characterDevice(major: major, minor: minor)
            case .blockDevice(let major, let minor): .blockDevice(major: major, minor: minor)
            case .fifo: .fifo
            case .shared: throw DiskImageError("no such entries come from a reader")
            }
        return FileTree.Node(kind, mode: entry.mode, uid: entry.uid, gid: entry.gid, modified: entry.modified)
    }

    /// isoinfo tells how many names a file has, and that they lie in one place.
    @Test func hardLinksAreOneFile() async throws {
        try await withTemporaryDirectory { folder in
            var tree = FileTree()
            tree.set(TreePath("usr"), FileTree.Node(.directory, mode: 0o755))
            tree.set(TreePath("usr/git"), FileTree.Node(.regular(.random(9000, 3)), mode: 0o755))
            for name in ["usr/git-add", "usr/git-log"] {
                let isLinked = tree.link(try #require(TreePath(name.utf8)), to: TreePath("usr/git"))
                #expect(isLinked)
            }
            tree.set(TreePath("usr/other"), FileTree.Node(.regular(.random(9000, 3)), mode: 0o755))
            let path = folder + "/root.iso"
            try ExtentWriter.write(try ISO9660.image(ISO9660.entries(of: tree), volumeID: "ROOT_1"), to: path)
            // mode, links, owner, group, size, date of three words, [ sector flags], name
            let listed = try await Oracle("isoinfo")("-R", "-l", "-i", path)
            var links: [Substring: Substring] = [:]
            var sectors: [Substring: Substring] = [:]
            for line in listed.split(separator: "\n") {
                let words = line.split(separator: " ")
                guard words.count == 12, words[0] == "-rwxr-xr-x" else { continue }
                (links[words[11]], sectors[words[11]]) = (words[1], words[9])
            }
            #expect(links == ["git": "3", "git-add": "3", "git-log": "3", "other": "1"])
            #expect(
                sectors["git"] == sectors["git-add"] && sectors["git"] == sectors["git-log"]
                    && sectors["git"] != sectors["other"])
        }
    }

    @Test func whatLinuxWouldNotReadIsTold() throws {
        func error(_ name: String, _ node: FileTree.Node) -> String? {
            var tree = FileTree()
            tree.set(TreePath(name.utf8) ?? .root, node)
            return #expect(throws: DiskImageError.self) { try ISO9660.entries(of: tree) }?.description
        }
        let long = String(repeating: "n", count: 254)
        #expect(
            error(long, FileTree.Node(.fifo, mode: 0o600))
                == "'/\(long)': a name of 254 bytes, Linux reads 253 from ISO 9660")
        let target = [UInt8](repeating: 0x78, count: 4096)
        #expect(
            error("l", FileTree.Node(.symlink(target), mode: 0o777))?.contains("target of 4096 bytes, Linux reads 4095")
                == true)
        #expect(
            error("f", FileTree.Node(.regular(ExtentList([.hole(500 << 30)])), mode: 0o644))?.contains(
                "536870912000 bytes") == true)
        let device = FileTree.Node(.characterDevice(major: 0, minor: 256), mode: 0o600)
        #expect(error("d", device)?.contains("device 0:256, which Linux reads as 1:0") == true)
    }
}
