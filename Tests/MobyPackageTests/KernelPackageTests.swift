import Archive
import Extents
import Foundation
import MobyBuild
import MobySpec
import OCI
import TestSupport
import Testing

@testable import MobyPackage

/// The kernel that the system images are made of, judged by kmod's own tools. Its package comes from the image cache,
/// or is fetched.
@Suite(.serialized) struct KernelPackageTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../kernel")
        .standardizedFileURL
        .path

    private static let packages = Task {
        let environment = ProcessInfo.processInfo.environment
        let folder = try PackageFolder(KernelPackageTests.folder)
        var options = PackageBuilder.Options(environment: environment)
        options.platform = Platform(architecture: "amd64")
        let supply = PackageSupply(cache: ContentStore.defaultPath(environment: environment), options: options)
        let closure = try #require(
            folder.closure(architecture: "amd64"), "kernel/build.lock does not answer kernel/build.yml")
        return try await PackageTree(supply.contents(of: supply.fetch(closure, for: folder))).tree
    }

    /// depmod finds dependencies by symbols, we by what the modules say: both have to come to the same.
    @Test func indexesAreThoseOfDepmod() async throws {
        let tree = try await Self.packages.value
        let modules = try KernelModules(tree)
        #expect(modules.modules.count > 900)
        let ours = try modules.pruned(tree, keeping: modules.modules).texts(below: modules.folder)
        let theirs = try await withTemporaryDirectory { directory in
            try tree.extract(to: directory)
            try Oracle("depmod").output(["-b", "\(directory)/usr", modules.release])
            return try ["modules.dep", "modules.alias", "modules.softdep"].map { name in
                (name, try String(contentsOfFile: "\(directory)/\(modules.folder)/\(name)", encoding: .utf8))
            }
        }
        for (name, text) in theirs where name != "modules.dep" {
            let difference = (ours[name] ?? "").sortedLines.difference(from: text.sortedLines)
            #expect(difference.isEmpty, "\(name)")
        }
        #expect(ours["modules.dep"].map(Self.dependencies) == theirs.first.map { Self.dependencies($0.1) })
        try Self.expectLoadOrder(ours["modules.dep"] ?? "")
    }

    @Test(arguments: ["virtio_net", "nf_tables", "overlay", "dm-crypt"])
    func fieldsAreThoseOfModinfo(name: String) async throws {
        let tree = try await Self.packages.value
        let modules = try KernelModules(tree)
        let module = try #require(modules[name])
        guard case .regular(let contents)? = tree[modules.folder.appending(module.path)]?.kind else {
            throw Oracle.Failure(description: "")
        }
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/\(String(decoding: module.path.name, as: UTF8.self))"
            try ExtentWriter.write(contents, to: file)
            let depends = try Oracle("modinfo").output(["-F", "depends", file]).split(whereSeparator: {
                ",\n".contains($0)
            }).map(
                String.init)
            #expect(module.depends.sorted() == depends.map { $0.replacing("-", with: "_") }.sorted())
            let aliases = try Oracle("modinfo").output(["-F", "alias", file]).split(separator: "\n").map(String.init)
            #expect(module.aliases.count == aliases.count)
            #expect(
                try Oracle("modinfo").output(["-F", "name", file]).trimmingCharacters(in: .whitespacesAndNewlines)
                    == module.name)
        }
    }

    @Test func virtualMachineSetIsSmallAndWhole() async throws {
        let tree = try await Self.packages.value
        let modules = try KernelModules(tree)
        let wanted = try #require(try PackageFolder(Self.folder).spec.kernel?.modules).map(\.value)
        let kept = try modules.closure(of: wanted)
        let names = Set(kept.map(\.name))
        #expect(kept.allSatisfy { $0.depends.allSatisfy { names.contains($0) } })
        #expect(
            names.isSuperset(of: [
                "virtio_net", "virtio_blk", "sd_mod", "overlay", "vfat", "isofs", "gve", "ena", "hv_netvsc", "bridge",
                "veth",
            ]))
        #expect(kept.reduce(0) { $0 + $1.size } < 16 << 20)
    }

    @Test func unknownModuleIsAnErrorAtItsPlace() async throws {
        let tree = try await Self.packages.value
        let release = try KernelModules(tree).release
        let wanted = ["overlay", "?nosuch", "virtio_nett"].enumerated().map { index, name in
            Located(name, at: SourceLocation(file: "build.yml", line: index + 1, column: 5))
        }
        try await withTemporaryDirectory { directory in
            let error = #expect(throws: SpecError.self) {
                try KernelPackage(tree, modules: wanted, tarPath: "\(directory)/tar", time: 0)
            }
            #expect(error?.diagnostics.map(\.message) == ["kernel \(release) has no module 'virtio_nett'"])
            #expect(error?.diagnostics.first?.location?.description == "build.yml:3:5")
        }
    }

    /// The set of dependencies of each module.
    private static func dependencies(_ text: String) -> [String: Set<Substring>] {
        Dictionary(
            uniqueKeysWithValues: text.split(separator: "\n").map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (String(parts[0]), Set(parts.count > 1 ? parts[1].split(separator: " ") : []))
            })
    }

    /// Loading from the right, every module finds what it needs loaded.
    private static func expectLoadOrder(_ text: String) throws {
        let needs = dependencies(text)
        for line in text.split(separator: "\n") {
            let words = line.replacing(":", with: "").split(separator: " ")
            var loaded: Set<Substring> = []
            for word in words.reversed() {
                #expect(needs[String(word)]?.isSubset(of: loaded) == true, "\(line)")
                loaded.insert(word)
            }
        }
    }
}

@Suite struct KernelConfigTests {
    @Test func decompressorsAreReadOfTheConfiguration() {
        let config = "CONFIG_RD_GZIP=y\n# CONFIG_RD_XZ is not set\nCONFIG_RD_ZSTD=y\nCONFIG_RD_LZ4=m\n"
        #expect(KernelPackage.decompressors(config) == ["zstd", "gzip"])
    }
}

extension String {
    fileprivate var sortedLines: [Substring] { split(separator: "\n").filter { !$0.hasPrefix("#") }.sorted() }
}

extension FileTree {
    /// Text files right below a folder, by name.
    fileprivate func texts(below folder: TreePath) throws -> [String: String] {
        var texts: [String: String] = [:]
        for path in paths where path.parent == folder {
            guard case .regular(let contents)? = self[path]?.kind else { continue }
            texts[String(decoding: path.name, as: UTF8.self)] = String(
                decoding: try ExtentReader.bytes(of: contents), as: UTF8.self)
        }
        return texts
    }

    fileprivate func extract(to directory: String) throws {
        for path in paths {
            switch self[path]?.kind {
            case .directory?:
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/\(path)", withIntermediateDirectories: true)
            case .regular(let contents)?: try ExtentWriter.write(contents, to: "\(directory)/\(path)")
            default: break
            }
        }
    }
}
