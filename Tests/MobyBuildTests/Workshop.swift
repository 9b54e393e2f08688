import Archive
import Extents
import FoundationEssentials
import Glibc
import MobySpec
import OCI
import TestSupport

@testable import MobyBuild

/// A folder with a store of small images, gone at the end.
struct Workshop {
    let folder: String
    let store: ContentStore

    /// Runs `body` with a workshop of its own.
    static func with<Value>(_ body: (Workshop) async throws -> Value) async throws -> Value {
        try await withTemporaryDirectory { folder in
            try await body(Workshop(folder: folder, store: ContentStore(path: folder + "/store")))
        }
    }

    /// An entry of a test image: its kind decides what `name` means.
    enum Entry {
        case directory(mode: UInt16 = 0o755)
        case file(String, mode: UInt16 = 0o644, uid: UInt32 = 0, attributes: [FileTree.Attribute] = [])
        case bytes([UInt8])
        /// An executable file of these bytes.
        case program([UInt8])
        case link(String)
        /// Another name of a file.
        case hard(String)
    }

    static func tree(_ entries: [(String, Entry)]) throws -> FileTree {
        var tree = FileTree()
        for (name, entry) in entries {
            guard let path = TreePath(name.utf8) else { throw BuildError("bad name \(name)") }
            switch entry {
            case .directory(let mode): tree.set(path, FileTree.Node(.directory, mode: mode))
            case .file(let text, let mode, let uid, let attributes):
                let content = ExtentList([.bytes(Array(text.utf8))])
                tree.set(
                    path,
                    FileTree.Node(
                        .regular(content), mode: mode, uid: uid, modified: 1_500_000_000, attributes: attributes))
            case .bytes(let bytes): tree.set(path, FileTree.Node(.regular(ExtentList([.bytes(bytes)])), mode: 0o644))
            case .program(let bytes):
                tree.set(path, FileTree.Node(.regular(ExtentList([.bytes(bytes)])), mode: 0o755))
            case .link(let target): tree.set(path, FileTree.Node(.symlink(Array(target.utf8)), mode: 0o777))
            case .hard(let target):
                guard let target = TreePath(target.utf8), tree.link(path, to: target) else {
                    throw BuildError("no target of \(name)")
                }
            }
        }
        return tree
    }

    static func tar(_ tree: FileTree) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let tar = TarWriter { bytes.append(contentsOf: $0) }
        try tar.add(tree)
        try tar.finish()
        return bytes
    }

    /// Puts an image of one layer into the store.
    @discardableResult
    func image(
        _ name: String, _ entries: [(String, Entry)], label: String? = nil,
        _ configure: (inout ImageConfig.Execution) -> Void = { _ in }
    ) throws -> Image {
        let bytes = try Workshop.tar(Workshop.tree(entries))
        let blob = try store.ingest { sink in try sink.write(bytes) }
        var execution = ImageConfig.Execution()
        if let label { execution.labels = ["org.mobyproject.config": label] }
        configure(&execution)
        let platform = Platform(architecture: "amd64")
        let config = ImageConfig(platform: platform, config: execution, diffIDs: [blob.digest])
        return try store.add(
            name: ImageReference(name).description, platform: platform, config: config,
            layers: [Image.Layer(digest: blob.digest, size: blob.size, diffID: blob.digest)])
    }

    /// Options of a build of this workshop: no network, no SBOM, output in the folder.
    func options(_ change: (inout BuildOptions) -> Void = { _ in }) -> BuildOptions {
        var options = BuildOptions()
        options.directory = folder + "/out"
        options.name = "web"
        // Tests of other parts have nothing to do with it: BillTests does.
        options.sbom = .none
        options.provider.pull = .never
        options.provider.platform = Platform(architecture: "amd64")
        change(&options)
        return options
    }

    func spec(_ yaml: String) throws -> Spec { try Workshop.spec(yaml) }

    static func spec(_ yaml: String) throws -> Spec {
        try SpecReader.read([SpecReader.Source(name: "web.yml", text: yaml, folder: nil)], resolvePackage: { $0.text })
            .spec
    }

    func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }
}

extension FileTree {
    /// The contents of a file that is there.
    func bytes(of path: TreePath) -> [UInt8] { (try? contents(of: path)) ?? [] }
}
