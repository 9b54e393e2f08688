import Extents
import Foundation
import OCI
import TestSupport
import Testing

/// A spec of eight images with a lock: what each command says when an input changes.
struct LockCommandTests {
    /// A registry with images `acme/0` to `acme/5`, a layout, an archive, a package folder and files.
    struct Site: Sendable {
        let folder: String
        let host: String

        var spec: String {
            let services = (0..<6).map { "  - {name: s\($0), image: \"\(host)/acme/\($0):1\", command: [a]}\n" }
            return """
                services:
                \(services.joined())  - {name: layout, image: "oci:layout", command: [a]}
                  - {name: archive, image: "oci-archive:archive.tar", command: [a], seccomp: ./profile.json}
                  - {name: package, image: "@pkg:pkg", command: [a]}
                files:
                  - {path: etc/motd, source: motd}
                  - {path: etc/none, source: none, optional: true}

                """
        }

        init(_ folder: String, _ registry: DockerRegistry) async throws {
            (self.folder, host) = (folder, registry.host)
            for number in 0..<6 { try await push(number, "image \(number)\n") }
            try Self.image("layout\n").write(layout: "\(folder)/layout")
            try Self.image("archive\n").write(layout: "\(folder)/other")
            try await Oracle.skopeo("copy", "oci:\(folder)/other:latest", "oci-archive:\(folder)/archive.tar:latest")
            try write("pkg/build.yml", "image: box\nfiles: [{path: a, contents: hello}]\n")
            try write("profile.json", #"{"defaultAction": "SCMP_ACT_ALLOW"}"#)
            try write("motd", "hello\n")
            try write("web.yml", spec)
        }

        func write(_ name: String, _ text: String) throws { try TestFile.write(text, to: "\(folder)/\(name)") }

        static func image(_ text: String) throws -> SampleImage {
            try SampleImage(layers: [SampleTar.tar(["a": text])])
        }

        /// Another image under the same tag.
        func push(_ number: Int, _ text: String) async throws {
            let layout = "\(folder)/pushed-\(number)-\(text.utf8.count)"
            try Self.image(text).write(layout: layout)
            try await Oracle.skopeo(
                "copy", "--dest-tls-verify=false", "oci:\(layout):latest", "docker://\(host)/acme/\(number):1")
        }

        func moby(_ words: String..., store: String = "store", environment: [String: String] = [:]) throws
            -> Program.Result
        {
            try Program.run(
                words, in: folder,
                environment: ["MOBY_CACHE": "\(folder)/\(store)", "MOBY_SHARE": "\(folder)/share"].merging(environment)
                {
                    $1
                })
        }

        func build(_ words: String..., store: String = "store") throws -> Program.Result {
            try Program.run(
                ["build", "--format", "tar"] + words, in: folder,
                environment: ["MOBY_CACHE": "\(folder)/\(store)", "MOBY_SHARE": "\(folder)/share"])
        }

        func sum(_ name: String) throws -> String { SHA256.hash(try TestFile.read("\(folder)/\(name)")).hex }
    }

    func withSite(_ body: @escaping @Sendable (Site) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            // No installation: its packages would need an archive of Debian.
            try FileManager.default.createDirectory(atPath: "\(folder)/share/pkg", withIntermediateDirectories: true)
            try await DockerRegistry.with(in: folder) { try await body(Site(folder, $0)) }
        }
    }

    @Test func changedInputsAreNamed() async throws {
        try await withSite { site in
            #expect(try site.build("--frozen", "web.yml").error.contains("the lock 'web.lock.yml' does not exist"))
            let made = try site.moby("lock", "web.yml")
            #expect(made.status == 0, "\(made.error)")
            #expect(made.output == "web.lock.yml: 8 images, 3 files, 1 package\n")
            #expect(try site.moby("lock", "web.yml").output == "web.lock.yml is up to date\n")
            try expect(
                site, "motd", "changed\n",
                ["file 'motd' is sha256:", "but web.lock.yml:", "moby lock --update motd web.yml"])
            try expect(site, "none", "now there\n", ["file 'none' is sha256:", "has no file"])
            try expect(
                site, "profile.json", #"{"defaultAction": "SCMP_ACT_ERRNO"}"#, ["file './profile.json' is sha256:"])
            try expect(
                site, "pkg/build.yml", "image: box\nfiles: [{path: a, contents: bye}]\n",
                ["package '@pkg:pkg' is localhost/moby/box:", "moby lock --update @pkg:pkg web.yml"])
            try expect(
                site, "web.yml", site.spec + "onboot: [{name: new, image: \"\(site.host)/acme/new:2\"}]\n",
                ["/acme/new:2' is not in the lock 'web.lock.yml'", "run 'moby lock web.yml' to add it"])
        }
    }

    /// A build keeps the image that a tag meant, whatever it means now, until the lock is updated.
    @Test func movedTagsAreShownAndTaken() async throws {
        try await withSite { site in
            #expect(try site.moby("lock", "web.yml").status == 0)
            let lock = try TestFile.text("\(site.folder)/web.lock.yml")
            let first = try site.build("--frozen", "web.yml")
            #expect(first.status == 0, "\(first.error)")
            let sum = try site.sum("web.tar")
            try await site.push(3, "another image 3\n")
            let pulled = try site.build("--frozen", "--pull", "web.yml", store: "fresh")
            #expect(pulled.status == 0, "\(pulled.error)")
            #expect(try site.sum("web.tar") == sum)
            let diff = try site.moby("lock", "--diff", "web.yml")
            #expect(diff.status == 1, "\(diff.error)")
            #expect(diff.output.hasPrefix("image \(site.host)/acme/3:1: sha256:"), "\(diff.output)")
            #expect(diff.output.split(separator: "\n").count == 1)
            #expect(try TestFile.text("\(site.folder)/web.lock.yml") == lock)
            // A local image is read again by each build.
            try Site.image("another layout\n").write(layout: "\(site.folder)/layout")
            let local = try site.build("web.yml")
            #expect(local.status == 1)
            #expect(local.error.contains("image 'oci:layout' for linux/amd64 is sha256:"), "\(local.error)")
            #expect(local.error.contains("but web.lock.yml:"), "\(local.error)")
            let updated = try site.moby("lock", "--update", "web.yml", "\(site.host)/acme/3:1", "oci:layout")
            #expect(updated.status == 0, "\(updated.error)")
            #expect(updated.output.contains("web.lock.yml: 2 changes"), "\(updated.output)")
            #expect(try site.build("--frozen", "web.yml").status == 0)
            #expect(try site.sum("web.tar") != sum)
            #expect(try site.moby("lock", "--diff", "web.yml").status == 0)
        }
    }

    /// A build again is of the images that the record names, whatever their tags mean now.
    @Test func rebuildTakesTheRecordedImages() async throws {
        try await withSite { site in
            let built = try site.build("web.yml")
            #expect(built.status == 0, "\(built.error)")
            try await site.push(3, "another image 3\n")
            #expect(try site.moby("cache", "pull", "\(site.host)/acme/3:1").status == 0)
            for words in [["rebuild", "web-build.json"], ["rebuild", "--pull", "web-build.json"]] {
                let again = try Program.run(
                    words, in: site.folder,
                    environment: ["MOBY_CACHE": "\(site.folder)/store", "MOBY_SHARE": "\(site.folder)/share"])
                #expect(again.status == 0 && again.output.contains("identical"), "\(again.output)\(again.error)")
            }
        }
    }

    /// What `build`, `lint` and `lock` say of a changed file, which is put back.
    private func expect(_ site: Site, _ name: String, _ text: String, _ words: [String]) throws {
        let before = try? TestFile.text("\(site.folder)/\(name)")
        try site.write(name, text)
        defer {
            if let before { try? site.write(name, before) } else { unlink("\(site.folder)/\(name)") }
        }
        for command in [["build", "--format", "tar", "web.yml"], ["lint", "web.yml"], ["explain", "web.yml", "s0"]] {
            let ended = try Program.run(
                command, in: site.folder,
                environment: ["MOBY_CACHE": "\(site.folder)/store", "MOBY_SHARE": "\(site.folder)/share"])
            #expect(ended.status == 2, "\(command) \(ended.error)")
            for word in words { #expect(ended.error.contains(word), "\(command) \(ended.error)") }
            #expect(ended.error.contains("web.yml:"), "\(ended.error)")
        }
        guard name != "web.yml" else { return }
        let lock = try site.moby("lock", "web.yml")
        #expect(lock.status == 2)
        #expect(lock.error.contains(words[0]), "\(lock.error)")
    }

    /// A bundle gives the same bytes with no store, and damage in it is named.
    @Test func bundlesGiveTheSameBytes() async throws {
        try await withSite { site in
            let online = try site.build("web.yml")
            #expect(online.status == 0, "\(online.error)")
            let sum = try site.sum("web.tar")
            let offline = try site.build("--offline", "web.yml")
            #expect(offline.status == 0, "\(offline.error)")
            #expect(try site.sum("web.tar") == sum)
            let bundle = try site.moby("bundle", "-o", "a.bundle.tar", "web.yml")
            #expect(bundle.status == 0, "\(bundle.error)")
            #expect(try site.moby("bundle", "-o", "b.bundle.tar", "web.yml").status == 0)
            #expect(try site.sum("a.bundle.tar") == site.sum("b.bundle.tar"))
            // Nothing of the site is needed.
            let away = "\(site.folder)/away"
            try FileManager.default.createDirectory(atPath: away, withIntermediateDirectories: true)
            let there = try Program.run(
                ["build", "--frozen", "--format", "tar", "--bundle", "../a.bundle.tar"], in: away,
                environment: ["MOBY_CACHE": "\(away)/store", "MOBY_SHARE": "\(away)/none", "HOME": "/nonexistent"])
            #expect(there.status == 0, "\(there.error)")
            #expect(try site.sum("away/web.tar") == sum)
            try await Oracle.skopeo("inspect", "oci-archive:\(site.folder)/a.bundle.tar:\(site.host)/acme/0:1")
            try hostileBundles(site)
        }
    }

    private func hostileBundles(_ site: Site) throws {
        let whole = try TestFile.read("\(site.folder)/a.bundle.tar")
        var number = 0
        func said(_ bytes: [UInt8]) throws -> String {
            number += 1
            try TestFile.write(bytes, to: "\(site.folder)/bad.tar")
            let ended = try Program.run(
                ["build", "--format", "tar", "-o", "bad-out.tar", "--bundle", "bad.tar"], in: site.folder,
                environment: ["MOBY_CACHE": "\(site.folder)/bad-store-\(number)"])
            #expect(ended.status == 1 || ended.status == 2, "\(ended.status) \(ended.error)")
            #expect(!FileManager.default.fileExists(atPath: "\(site.folder)/bad-out.tar"))
            try FileManager.default.removeItem(atPath: "\(site.folder)/bad.tar")
            return ended.error
        }
        let end = Array(whole.dropLast(1024))
        let zeros = [UInt8](repeating: 0, count: 1024)
        #expect(try said(Array("hello".utf8)).contains("bad.tar"))
        #expect(try said(Array(whole.prefix(whole.count / 2))).contains("'bad.tar' is not an intact tar archive"))
        #expect(
            try said(end + SampleTar.entry("../etc/passwd", content: [65]) + zeros).contains("a name with '..'"))
        #expect(try said(end + SampleTar.entry("etc", content: [65]) + zeros).contains("has an unexpected file 'etc'"))
        #expect(
            try said(end + SampleTar.entry("blobs/sha256/x", type: "2", link: "/etc/passwd") + zeros)
                .contains("has an unexpected entry"))
        #expect(
            try said(end + SampleTar.entry("index.json", content: [65]) + zeros)
                .contains("has a second file 'index.json'"))
        // A byte of each blob: whatever it belongs to is compared with its digest.
        var offset = 0
        while offset + 512 < whole.count, whole[offset] != 0 {
            let name = String(decoding: whole[offset..<offset + 100].prefix { $0 != 0 }, as: UTF8.self)
            let size = Int(String(decoding: whole[offset + 124..<offset + 135], as: UTF8.self), radix: 8) ?? 0
            if name.hasPrefix("blobs/sha256/"), size > 0 {
                var bytes = whole
                bytes[offset + 512 + size / 2] ^= 1
                let error = try said(bytes)
                #expect(error.contains("digest is sha256:"), "\(name): \(error)")
            }
            offset += 512 + (size + 511) / 512 * 512
        }
    }

    /// A lock is not a spec, and a spec not a lock.
    @Test func locksAreNotSpecs() async throws {
        try await withSite { site in
            #expect(try site.moby("lock", "web.yml").status == 0)
            let ended = try site.build("web.lock.yml")
            #expect(ended.status == 2)
            #expect(ended.error.contains("'web.lock.yml' is a lock, not a spec"), "\(ended.error)")
            let other = try site.build("--lock", "web.yml", "web.yml")
            #expect(other.status == 2)
            #expect(other.error.contains("'web.yml' is not a lock"), "\(other.error)")
            let unknown = try site.moby("lock", "--update", "web.yml", "motdd")
            #expect(unknown.status == 1)
            #expect(unknown.error.contains("did you mean 'motd'?"), "\(unknown.error)")
        }
    }

    /// Not even one that is not connected.
    @Test func noSocketIsOpenedOffline() async throws {
        try await withSite { site in
            #expect(try site.moby("lock", "web.yml").status == 0)
            #expect(try site.build("web.yml").status == 0)
            #expect(try site.moby("bundle", "-o", "web.bundle.tar", "web.yml").status == 0)
            for words in [
                ["build", "--offline", "--format", "tar", "web.yml"], ["lint", "--offline", "web.yml"],
                ["lock", "--offline", "--diff", "web.yml"], ["explain", "--offline", "web.yml", "s0"],
                ["pkg", "build", "--offline", "pkg"], ["bundle", "--offline", "-o", "again.tar", "web.yml"],
                ["build", "--format", "tar", "--bundle", "web.bundle.tar"],
            ] {
                let trace = "\(site.folder)/trace"
                let ended = try EndedProcess(
                    "strace", ["-f", "-qq", "-e", "trace=socket", "-o", trace, try Program.path()] + words,
                    folder: site.folder,
                    environment: [
                        "MOBY_CACHE": "\(site.folder)/store", "MOBY_SHARE": "\(site.folder)/share",
                        "MOBY_PROGRESS": "quiet",
                    ])
                #expect(ended.status == 0, "\(words) \(ended.complaint)")
                #expect(try !TestFile.text(trace).contains("AF_INET"), "\(words)")
            }
        }
    }

    /// What an image lacks is named; nothing is asked of the registry.
    @Test func missingLayersAreNamedOffline() async throws {
        try await withSite { site in
            #expect(try site.moby("lock", "web.yml").status == 0)
            let empty = try site.build("--offline", "web.yml", store: "empty")
            #expect(empty.status == 1)
            #expect(empty.error.contains("and pulling is off"), "\(empty.error)")
            #expect(empty.error.contains("run 'moby cache pull \(site.host)/acme/0:1@sha256:"), "\(empty.error)")
            #expect(try site.build("web.yml").status == 0)
            let layer = try Site.image("image 2\n").layers[0]
            try FileManager.default.removeItem(atPath: "\(site.folder)/store/blobs/sha256/\(layer.digest.hex)")
            let part = try site.build("--offline", "web.yml")
            #expect(part.status == 1)
            #expect(
                part.error.contains("missing: layer 1 of 1, \(layer.digest), \(layer.size) bytes"), "\(part.error)")
        }
    }
}
