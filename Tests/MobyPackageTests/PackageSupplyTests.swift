import Archive
import Extents
import Foundation
import MobySpec
import OCI
import TestSupport
import Testing

@testable import MobyPackage

@Suite struct PackageSupplyTests {
    private func folder(_ path: String, _ text: String) throws -> PackageFolder {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: "\(path)/build.yml"))
        return try PackageFolder(path)
    }

    @Test(arguments: ["xz", "zstd", "gzip", "none"])
    func packagesAreUnpacked(compression: String) async throws {
        try await withTemporaryDirectory { directory in
            let archive = try LocalArchive(directory)
            try archive.add("a", version: "1", compression: compression, files: ["bin/hello": "hello\n"])
            try DebianArchive.contents(of: "\(archive.path)/a_1.deb") { _ in }
            let cache = try PackageCache(cache: directory)
            let bytes = try ExtentReader.bytes(of: ExtentList(file: "\(archive.path)/a_1.deb"))
            let package = LockedPackage(name: "a", version: "1", architecture: "all", sha256: SHA256.hash(bytes))
            try FileManager.default.copyItem(atPath: "\(archive.path)/a_1.deb", toPath: "\(directory)/debs/\(package.sha256).deb")
            let tree = try PackageTree([("a", cache.contents(of: package))]).tree
            #expect(tree.paths.map(\.description) == ["usr", "usr/bin", "usr/bin/hello"])
            guard case .regular(let contents)? = tree[TreePath("usr/bin/hello")]?.kind else { throw ToolFailure(arguments: [], status: 0) }
            #expect(try ExtentReader.bytes(of: contents) == Array("hello\n".utf8))
        }
    }

    @Test func closureIsResolvedLockedAndFetchedOnce() async throws {
        try await withTemporaryDirectory { directory in
            let archive = try LocalArchive(directory)
            try archive.add("base", version: "1:2.0+x~1", files: ["usr/share/base": "b"])
            try archive.add("tool", version: "3", depends: "base, extra", files: ["usr/bin/tool": "t"])
            try archive.add("extra", version: "1", files: ["usr/share/extra": "e"])
            let folder = try folder("\(directory)/pkg", "image: t\npackages: [tool]\nexclude: [ex*]\n")
            let supply = PackageSupply(cache: "\(directory)/cache", options: .init(environment: archive.environment))
            let closure = try await supply.fetch(nil, for: folder)
            #expect(closure.packages.map { "\($0.name) \($0.version)" } == ["base 1:2.0+x~1", "tool 3"])
            let again = try PackageFolder(folder.path)
            #expect(again.closure(architecture: "amd64") == closure)
            // All is in the cache: no archive is asked.
            try FileManager.default.removeItem(atPath: archive.path)
            #expect(try await supply.fetch(closure, for: again) == closure)
            #expect(try supply.contents(of: closure).map(\.name) == ["base", "tool"])
        }
    }

    @Test func onlyContributorsAreLocked() async throws {
        try await withTemporaryDirectory { directory in
            let archive = try LocalArchive(directory)
            try archive.add("certificates", version: "1", files: ["usr/share/c/b.crt": "B", "usr/share/c/a.crt": "A", "usr/bin/c": ""])
            try archive.add("tool", version: "3", depends: "certificates, extra", files: ["usr/bin/tool": "t", "usr/bin/other": ""])
            try archive.add("extra", version: "1", files: ["usr/share/extra": "e"])
            let folder = try folder(
                "\(directory)/pkg",
                "image: t\npackages: [tool]\nonly: [usr/bin/tool]\nfiles: [{path: all.crt, concatenate: ['**/*.crt']}]\n")
            let supply = PackageSupply(cache: "\(directory)/cache", options: .init(environment: archive.environment))
            let closure = try await supply.fetch(nil, for: folder)
            #expect(closure.packages.map(\.name) == ["certificates", "tool"])
            let contents = ImageContents(
                folder: folder, products: Products(environment: [:], executable: "/x"), time: 0, work: directory,
                warn: { Issue.record("\($0)") })
            let tree = try contents.make(supply.contents(of: closure)).tree
            #expect(
                tree.paths.map(\.description) == [
                    "all.crt", "bin", "lib", "lib64", "sbin", "usr", "usr/bin", "usr/bin/tool", "usr/lib", "usr/lib64", "usr/sbin",
                ])
            guard case .regular(let all)? = tree[TreePath("all.crt")]?.kind else { throw ToolFailure(arguments: [], status: 0) }
            #expect(try ExtentReader.bytes(of: all) == Array("AB".utf8))
        }
    }

    @Test func pinnedPackageThatIsGoneIsNamed() async throws {
        try await withTemporaryDirectory { directory in
            let archive = try LocalArchive(directory)
            try archive.add("tool", version: "1", files: ["usr/bin/tool": "t"])
            let folder = try folder("\(directory)/pkg", "image: t\npackages: [tool]\n")
            var options = PackageBuilder.Options(environment: archive.environment)
            let closure = try await PackageSupply(cache: "\(directory)/cache", options: options).resolve(folder)
            try archive.remove("tool", version: "1")
            try archive.add("tool", version: "2", files: ["usr/bin/tool": "new"])
            let error = await #expect(throws: AptError.self) {
                try await PackageSupply(cache: "\(directory)/other", options: options).fetch(closure, for: folder)
            }
            #expect(error.map(String.init(describing:)) == "the Debian archive does not offer 'tool' 1 any more")
            #expect(error?.hint?.contains("moby pkg build --update") == true)

            options.refreshMissing = true
            let warnings = Lines()
            options.progress = { warnings.add($0) }
            let fresh = try await PackageSupply(cache: "\(directory)/other", options: options).fetch(closure, for: folder)
            #expect(fresh.packages.map(\.version) == ["2"])
            #expect(warnings.all.contains { $0.hasPrefix("warning: t: the Debian archive does not offer 'tool' 1 any more") })
            #expect(try PackageFolder(folder.path).closure(architecture: "amd64") == fresh)
        }
    }

    @Test func unknownPackageIsToldByApt() async throws {
        try await withTemporaryDirectory { directory in
            let archive = try LocalArchive(directory)
            try archive.add("tool", version: "1", files: [:])
            let folder = try folder("\(directory)/pkg", "image: t\npackages: [nosuch]\n")
            let supply = PackageSupply(cache: "\(directory)/cache", options: .init(environment: archive.environment))
            let error = await #expect(throws: AptError.self) { try await supply.fetch(nil, for: folder) }
            #expect(error.map(String.init(describing:))?.contains("Unable to locate package nosuch") == true)
        }
    }

    @Test func staleLockIsNotUsed() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/pkg"
            var lock = PackageLock()
            lock.closures["amd64"] = .init(wants: ["tool"], packages: [])
            _ = try folder(path, "image: t\npackages: [tool]\n")
            try Data(lock.text.utf8).write(to: URL(filePath: "\(path)/build.lock"))
            #expect(try PackageFolder(path).closure(architecture: "amd64") != nil)
            #expect(try PackageFolder(path).closure(architecture: "arm64") == nil)
            #expect(try folder(path, "image: t\npackages: [tool, more]\n").closure(architecture: "amd64") == nil)
            #expect(try folder(path, "image: t\npackages: [tool]\nonly: [x]\n").closure(architecture: "amd64") == nil)
        }
    }
}

/// Lines that a build reported.
final class Lines: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []

    var all: [String] { lock.withLock { lines } }
    func add(_ line: String) { lock.withLock { lines.append(line) } }
}
