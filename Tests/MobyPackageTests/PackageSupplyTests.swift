import Archive
import Extents
import Foundation
import Glibc
import MobyBuild
import MobySpec
import OCI
import Synchronization
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
            let package = LockedPackage(name: "a", version: "1", architecture: "all", sha256: SHA256.hash(bytes).hex)
            try FileManager.default.copyItem(
                atPath: "\(archive.path)/a_1.deb", toPath: "\(directory)/debs/\(package.sha256).deb")
            let tree = try PackageTree([cache.unpacked(package)]).tree
            #expect(tree.paths.map(\.description) == ["usr", "usr/bin", "usr/bin/hello"])
            guard case .regular(let contents)? = tree[TreePath("usr/bin/hello")]?.kind else {
                throw Oracle.Failure(description: "")
            }
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
            try archive.add(
                "certificates", version: "1",
                files: ["usr/share/c/b.crt": "B", "usr/share/c/a.crt": "A", "usr/bin/c": ""])
            try archive.add(
                "tool", version: "3", depends: "certificates, extra", files: ["usr/bin/tool": "t", "usr/bin/other": ""])
            try archive.add("extra", version: "1", files: ["usr/share/extra": "e"])
            let folder = try folder(
                "\(directory)/pkg",
                "image: t\npackages: [tool]\nonly: [usr/bin/tool]\nfiles: [{path: all.crt, concatenate: ['**/*.crt']}]\n"
            )
            let supply = PackageSupply(cache: "\(directory)/cache", options: .init(environment: archive.environment))
            let closure = try await supply.fetch(nil, for: folder)
            #expect(closure.packages.map(\.name) == ["certificates", "tool"])
            let contents = PackageContents(
                folder: folder, products: Products(folder: "/"), time: 0, work: directory,
                warn: { Issue.record("\($0)") })
            let tree = try contents.make(supply.contents(of: closure)).tree
            #expect(
                tree.paths.map(\.description) == [
                    "all.crt", "bin", "lib", "lib64", "sbin", "usr", "usr/bin", "usr/bin/tool", "usr/lib", "usr/lib64",
                    "usr/sbin", "var", "var/lib", "var/lib/dpkg", "var/lib/dpkg/status.d", "var/lib/dpkg/status.d/t",
                ])
            guard case .regular(let all)? = tree[TreePath("all.crt")]?.kind else {
                throw Oracle.Failure(description: "")
            }
            #expect(try ExtentReader.bytes(of: all) == Array("AB".utf8))
        }
    }

    /// What was unpacked is compared with its checksum; without one it may be the rest of a write.
    @Test(arguments: ["changed", "cut", "no checksum"]) func damagedContentsAreUnpackedAgain(damage: String)
        async throws
    {
        try await withTemporaryDirectory { directory in
            let archive = try LocalArchive(directory)
            try archive.add("tool", version: "1", files: ["usr/bin/tool": "t"])
            let folder = try folder("\(directory)/pkg", "image: t\npackages: [tool]\n")
            let supply = PackageSupply(cache: "\(directory)/cache", options: .init(environment: archive.environment))
            let closure = try await supply.fetch(nil, for: folder)
            let contents = { try ExtentReader.bytes(of: supply.contents(of: closure)[0].contents) }
            let whole = try contents()
            let tar = "\(directory)/cache/debs/\(closure.packages[0].sha256).tar"
            var bytes = whole
            bytes[0] ^= 1
            try TestFile.write(damage == "cut" ? Array(whole.prefix(512)) : bytes, to: tar)
            if damage == "no checksum" { try FileManager.default.removeItem(atPath: tar + ".sha256") }
            #expect(try contents() == whole)
            #expect(try TestFile.read(tar) == whole)
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
            #expect(
                error.map(String.init(describing:)) == "the Debian archive no longer offers 'tool' 1 (it has 2 now)")
            #expect(error?.hint?.contains("moby pkg build --update") == true)

            options.refreshMissing = true
            let recorded = RecordedProgress()
            let fresh = try await PackageSupply(
                cache: "\(directory)/other", options: options, progress: recorded.reporter
            ).fetch(closure, for: folder)
            #expect(fresh.packages.map(\.version) == ["2"])
            #expect(
                recorded.lines.contains {
                    $0.hasPrefix("warning: t: the Debian archive no longer offers 'tool' 1")
                })
            #expect(try PackageFolder(folder.path).closure(architecture: "amd64") == fresh)
        }
    }

    /// An archive of old versions is asked for what is gone; the lock decides whether its bytes are right.
    @Test(arguments: ["archive", "placeholders", "damaged", "none"])
    func oldVersionsComeFromASnapshot(kind: String) async throws {
        try await withTemporaryDirectory { directory in
            let archive = try LocalArchive(directory)
            try archive.add("tool", version: "1:1.0", files: ["usr/bin/tool": "t"])
            try archive.add("kept", version: "1", files: ["usr/bin/kept": "k"])
            let folder = try folder("\(directory)/pkg", "image: t\npackages: [tool, kept]\n")
            var options = PackageBuilder.Options(environment: archive.environment)
            let closure = try await PackageSupply(cache: "\(directory)/cache", options: options).resolve(folder)
            let bytes = try TestFile.read("\(archive.path)/tool_1:1.0.deb")
            let old = "\(directory)/old/tool_1.0_all.deb"
            try TestFile.write(kind == "damaged" ? bytes.reversed() : bytes, to: old)
            try archive.remove("tool", version: "1:1.0")
            try archive.add("tool", version: "2", files: ["usr/bin/tool": "new"])
            // The archive is flat: the folder of its packages is '.'.
            options.environment[DebianSnapshot.variable] =
                switch kind {
                case "placeholders": "file:\(directory)/none file:\(directory)/old/{name}_{version}_{arch}.deb"
                case "none": "file:\(directory)/none/"
                default: "file:\(directory)/old/{file}"
                }
            let supply = PackageSupply(cache: "\(directory)/other", options: options)
            guard kind == "archive" || kind == "placeholders" else {
                let error = await #expect(throws: AptError.self) { try await supply.fetch(closure, for: folder) }
                #expect(
                    error.map(String.init(describing:))
                        == "the Debian archive no longer offers 'tool' 1:1.0 (it has 2 now)")
                #expect(error?.hint?.contains("MOBY_DEBIAN_SNAPSHOT") == true)
                return
            }
            #expect(try await supply.fetch(closure, for: folder) == closure)
            #expect(try supply.contents(of: closure).map(\.name) == ["kept", "tool"])
        }
    }

    @Test func snapshotsAreURLs() throws {
        let package = LockedPackage(name: "libx1", version: "1:2.0-1", architecture: "amd64", sha256: "ab")
        let snapshot = try DebianSnapshot([
            DebianSnapshot.variable: "http://s.test/archive/debian/2026 https://d.test/{sha256}.deb"
        ])
        #expect(
            snapshot.urls(of: package, folder: "pool/main/x/x") == [
                "http://s.test/archive/debian/2026/pool/main/x/x/libx1_2.0-1_amd64.deb", "https://d.test/ab.deb",
            ])
        #expect(
            snapshot.urls(of: package, folder: nil)[0]
                == "http://s.test/archive/debian/2026/pool/main/libx/libx1/libx1_2.0-1_amd64.deb")
        #expect(try DebianSnapshot([:]).isEmpty)
        let error = #expect(throws: PackageError.self) { try DebianSnapshot([DebianSnapshot.variable: "yes"]) }
        #expect(error.map { "\($0)" } == "MOBY_DEBIAN_SNAPSHOT has 'yes', which is not a URL")
    }

    /// Errors of apt that concern `build.yml` are reported at their location in it.
    @Test(arguments: [
        ("packages: [tool, toool]", ":2:18: no Debian package 'toool' | did you mean 'tool'?"),
        ("packages: [tool, xyz]", ":2:18: no Debian package 'xyz' | searched the machine's apt sources for amd64"),
        (
            "kernel: {package: 'linux-{arch}'}",
            ":2:19: no Debian package 'linux-amd64' | searched the machine's apt sources for amd64"
        ),
        ("packages: [tool=2]", ":2:12: Debian package 'tool' has no version or release '2' | "),
        (
            "packages: [ghost]",
            ":2:12: Debian package 'ghost' is only a name; the archive does not offer it | it may be virtual, or unavailable for amd64"
        ),
        (
            "packages: [tool]\nexclude: [extr]",
            ":3:11: 'exclude: extr' matches none of the needed packages | did you mean 'extra'?"
        ),
        (
            "packages: [tool]\nonly: [usr/bin/tol]",
            ":3:8: 'only: usr/bin/tol' matches no file of the packages | did you mean 'usr/bin/tool'?"
        ),
        (
            "packages: [tool]\nonly: [bin/tool]",
            ":3:8: 'only: bin/tool' matches no file of the packages | did you mean 'usr/bin/tool'?"
        ),
        (
            "packages: [tool]\nonly: []\nfiles: [{path: x, concatenate: ['**/*.crt']}]",
            ":4:33: 'concatenate: **/*.crt' matches no file of the packages | "
        ),
    ])
    func whatIsNotInTheArchiveIsReportedAtItsLocation(text: String, expected: String) async throws {
        try await withTemporaryDirectory { directory in
            let archive = try LocalArchive(directory)
            try archive.add("tool", version: "1", depends: "extra", files: ["usr/bin/tool": "t"])
            try archive.add("extra", version: "1", depends: "extra | ghost", files: ["usr/share/e": "e"])
            let folder = try folder("\(directory)/pkg", "image: t\n\(text)\n")
            var options = PackageBuilder.Options(environment: archive.environment)
            options.platform = Platform(architecture: "amd64")
            let supply = PackageSupply(cache: "\(directory)/cache", options: options)
            let error = await #expect(throws: SpecError.self) { try await supply.fetch(nil, for: folder) }
            let told = (error?.diagnostics ?? []).map {
                "\($0.location?.description ?? "?"): \($0.message) | \($0.hint ?? "")"
            }
            #expect(told == ["\(directory)/pkg/build.yml\(expected)"])
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/pkg/build.lock"))
        }
    }

    @Test func aptsWordsAreToldWithoutItsCommand() {
        let error = AptError.failed(
            program: "apt-get", output: "W: slow\nE: The method \u{1b}[31m died\nE: Sub-process\tfailed\n")
        #expect("\(error)" == "apt-get: The method \\x1b[31m died\n  Sub-process failed")
        #expect(
            "\(AptError.failed(program: "apt-get", output: ""))" == "apt-get: it failed without a message"
        )
    }

    /// A process that was killed may leave an apt-get behind, with apt's own lock (fcntl(2)) in its hands.
    @Test func aptsOwnLockIsWaitedFor() async throws {
        try await withTemporaryDirectory { directory in
            let archive = try LocalArchive(directory)
            try archive.add("tool", version: "1", files: ["usr/bin/tool": "t"])
            let waits = Mutex<Int32>(-1)
            let recorded = RecordedProgress { _ in
                // A descriptor that is closed gives the lock up.
                waits.withLock { _ = close($0) }
            }
            let wait = LockWait(progress: recorded.reporter)
            let root = try AptRoot(
                cache: directory, architecture: "amd64", environment: archive.environment, wait: wait)
            try waits.withLock { held in
                held = open("\(root.path)/lists/lock", O_RDWR | O_CREAT, 0o640)
                var lock = flock()
                lock.l_type = Int16(F_WRLCK)
                try #require(fcntl(held, F_SETLK, &lock) == 0)
            }
            try await root.update()
            #expect(
                recorded.lines == [
                    "waiting for process \(getpid()) (\(Self.command)), which holds '\(root.path)/lists/lock'"
                ]
            )
        }
    }

    /// As apt reads it from `/proc/PID/comm`.
    private static var command: String {
        (try? String(contentsOfFile: "/proc/self/comm", encoding: .utf8).trimmingCharacters(in: .newlines)) ?? ""
    }

    @Test func lockOfAnotherBuildIsWaitedForAndNotForEver() async throws {
        try await withTemporaryDirectory { directory in
            let held = Mutex<AptLock?>(try await AptLock("\(directory)/lock", wait: LockWait(limit: .zero)))
            let timeout = await #expect(throws: BuildError.self) {
                _ = try await AptLock("\(directory)/lock", wait: LockWait(limit: .zero))
            }
            #expect(timeout.map { "\($0)" } == "process \(getpid()) has held '\(directory)/lock' for more than 0 s")
            let recorded = RecordedProgress { _ in held.withLock { $0 = nil } }
            _ = try await AptLock("\(directory)/lock", wait: LockWait(progress: recorded.reporter))
            #expect(recorded.lines == ["waiting for process \(getpid()), which holds '\(directory)/lock'"])
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

    /// Which of the three it is decides what helps.
    @Test(arguments: [
        ("", "'PKG' has Debian packages, but no build.lock | run 'moby pkg build PKG'"),
        (
            "arm64 wants tool\n",
            "'PKG/build.lock' does not match the packages in build.yml | run 'moby pkg lock --arch arm64 PKG'"
        ),
        (
            "amd64 wants tool more\nriscv64 wants x\n",
            "'PKG/build.lock' has no packages for arm64 | run 'moby pkg lock --arch arm64 PKG'; it has packages for amd64, riscv64"
        ),
    ])
    func lockThatDoesNotAnswerIsExplained(lock: String, expected: String) throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/pkg"
            _ = try folder(path, "image: t\npackages: [tool, more]\n")
            if !lock.isEmpty { try Data(lock.utf8).write(to: URL(filePath: "\(path)/build.lock")) }
            var options = PackageBuilder.Options(environment: [:])
            options.platform = Platform(architecture: "arm64")
            let builder = PackageBuilder(
                store: try ContentStore(path: "\(directory)/store"),
                products: Products(folder: "/"),
                options: options)
            let error = #expect(throws: PackageError.self) { try builder.reference(of: path) }
            #expect(error.map { "\($0) | \($0.hint ?? "")" } == expected.replacing("PKG", with: path))
        }
    }
}
