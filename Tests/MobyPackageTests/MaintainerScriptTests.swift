import Archive
import Extents
import Foundation
import MobySpec
import TestSupport
import Testing

@testable import MobyPackage

/// What Debian's maintainer scripts do that images need.
@Suite struct MaintainerScriptTests {
    /// - Returns: the tree after its packages are configured, and the commands that are left out.
    private func configure(_ packages: [(name: String, files: [String: String], script: String)]) throws
        -> (tree: FileTree, others: [String])
    {
        var all = PackageTree()
        for package in packages {
            var tree = FileTree()
            for (path, text) in package.files { tree.put(path, text) }
            try all.add(tree, of: package.name)
        }
        let unpacked = packages.map {
            UnpackedPackage(name: $0.name, contents: ExtentList(), scripts: $0.script.isEmpty ? [] : [$0.script])
        }
        let others = try all.configure(unpacked, time: 0)
        return (all.tree, others.flatMap { other in other.commands.map { "\(other.package): \($0)" } })
    }

    private func text(_ path: String, _ tree: FileTree) throws -> String? {
        try TreePath(path.utf8).flatMap { try tree.text(at: $0) }
    }

    private func target(_ path: String, _ tree: FileTree) -> String? {
        guard case .symlink(let target)? = TreePath(path.utf8).flatMap({ tree[$0] })?.kind else { return nil }
        return String(decoding: target, as: UTF8.self)
    }

    @Test func licencesAreThoseOfTheOwners() throws {
        var whole = PackageTree()
        for name in ["a", "b", "c"] {
            var tree = FileTree()
            tree.put("usr/bin/\(name)", name)
            if name != "c" { tree.put("usr/share/doc/\(name)/copyright", "licence of \(name)") }
            try whole.add(tree, of: name)
        }
        let owners = whole.owners(of: [TreePath("usr/bin/a"), TreePath("usr/bin/c"), TreePath("usr")])
        #expect(owners == ["a", "c"])
        #expect(whole.licences(of: owners).map(\.path) == [TreePath("usr/share/doc/a/copyright")])
    }

    private static let server = """
        case "$1" in configure)
          if ! getent group data >/dev/null; then addgroup --system --gid 120 data; fi
          adduser --system --quiet --home /var/lib/db --no-create-home --group --gecos "A database" db || true
          adduser db data
          useradd -r -g data -s /bin/sh other
          useradd --system --no-create-home --home-dir /srv third
          install -d -m 2750 -o db -g data /var/log/db
          chown -R db: /etc/db
          dpkg-statoverride --update --add root db 640 /etc/db/conf
          mkdir -p /var/run/db; chmod 1777 /run/db
        esac
        """

    @Test func usersAndTheirFolders() throws {
        let (tree, others) = try configure([
            (
                "base-passwd",
                [
                    "usr/share/base-passwd/passwd.master":
                        "root:*:0:0:root:/root:/bin/bash\nwww-data:*:33:33:www-data:/var/www:/usr/sbin/nologin\n",
                    "usr/share/base-passwd/group.master": "root:*:0:\nwww-data:*:33:\nnogroup:*:65534:\n",
                ], ""
            ),
            ("server", ["etc/db/conf": "", "etc/other": ""], Self.server),
        ])
        #expect(others == [])
        #expect(
            try text("etc/passwd", tree) == """
                root:x:0:0:root:/root:/bin/bash
                www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
                db:x:100:100:A database:/var/lib/db:/usr/sbin/nologin
                other:x:101:120::/nonexistent:/bin/sh
                third:x:102:102::/srv:/usr/sbin/nologin

                """)
        #expect(
            try text("etc/group", tree)
                == "root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\ndata:x:120:db\ndb:x:100:\nthird:x:102:\n")
        #expect(try text("etc/shadow", tree)?.hasPrefix("root:*:") == true)
        let expected: [(String, UInt16, UInt32, UInt32)] = [
            ("var/log/db", 0o2750, 100, 120), ("etc/db", 0o755, 100, 100), ("etc/db/conf", 0o640, 0, 100),
            ("etc/other", 0o644, 0, 0), ("run/db", 0o1777, 0, 0), ("etc/shadow", 0o600, 0, 0),
        ]
        for (path, mode, uid, gid) in expected {
            let node = try #require(TreePath(path.utf8).flatMap { tree[$0] }, "\(path)")
            #expect((node.mode, node.uid, node.gid) == (mode, uid, gid), "\(path)")
        }
    }

    @Test func sysusersFiles() throws {
        let lines =
            "# users\nu one 200 \"One user\" /var/one /bin/sh\nu two -\ng three 300\nm two three\nu four 210:three - -\n"
        let (tree, _) = try configure([("a", ["usr/lib/sysusers.d/a.conf": lines], "systemd-sysusers a.conf\n")])
        #expect(
            try text("etc/passwd", tree) == """
                root:x:0:0:root:/root:/bin/sh
                one:x:200:200:One user:/var/one:/bin/sh
                two:x:100:100::/:/usr/sbin/nologin
                four:x:210:300::/:/usr/sbin/nologin

                """)
        #expect(try text("etc/group", tree)?.contains("three:x:300:two\n") == true)
    }

    @Test func alternativesOfTheHighestPriority() throws {
        let script = """
            update-alternatives \\
              --install /usr/sbin/filter filter /usr/sbin/filter-old 10 \\
              --slave /usr/sbin/filter-save filter-save /usr/sbin/filter-old-save
            update-alternatives --install /usr/sbin/filter filter /usr/sbin/filter-new 20 \\
              --slave /usr/sbin/filter-save filter-save /usr/sbin/filter-new-save \\
              --slave /usr/share/man/man8/filter.8.gz filter.8.gz /usr/share/man/man8/filter-new.8.gz
            update-alternatives --quiet --install /usr/sbin/filter filter /usr/sbin/filter-gone 30
            update-alternatives --remove filter /usr/sbin/filter-ancient
            """
        let files = ["sbin/filter-old": "", "sbin/filter-new": "", "sbin/filter-new-save": ""]
        let (tree, others) = try configure([("a", files, script)])
        #expect(others == [])
        #expect(target("usr/sbin/filter", tree) == "/etc/alternatives/filter")
        #expect(target("etc/alternatives/filter", tree) == "/usr/sbin/filter-new")
        #expect(target("etc/alternatives/filter-save", tree) == "/usr/sbin/filter-new-save")
        #expect(target("usr/share/man/man8/filter.8.gz", tree) == nil)
        #expect(tree.resolve(TreePath("usr/sbin/filter")) == TreePath("usr/sbin/filter-new"))
    }

    @Test func filesLinksAndCertificates() throws {
        let script = """
            [ -e /etc/a.conf ] || cp /usr/share/a/a.conf /etc/a.conf
            ucf --three-way /usr/share/a/b.conf /etc/a/b.conf
            ln -sf a.conf /etc/alias.conf
            cp /usr/share/a/a.conf /etc/kept.conf
            update-ca-certificates --fresh
            chown nouser:nogroup /etc/none
            """
        let files = [
            "usr/share/a/a.conf": "A", "usr/share/a/b.conf": "B", "etc/kept.conf": "K",
            "usr/share/ca-certificates/x/2.crt": "two\n", "usr/share/ca-certificates/x/1.crt": "one\n",
        ]
        let (tree, others) = try configure([("a", files, script)])
        #expect(others == [])
        #expect(
            try text("etc/a.conf", tree) == "A" && text("etc/a/b.conf", tree) == "B"
                && text("etc/kept.conf", tree) == "K")
        #expect(target("etc/alias.conf", tree) == "a.conf")
        #expect(try text("etc/ssl/certs/ca-certificates.crt", tree) == "one\ntwo\n")
        #expect(target("usr/lib/ssl/cert.pem", tree) == "/etc/ssl/certs/ca-certificates.crt")
        // No account: no files of accounts.
        #expect(try text("etc/passwd", tree) == nil)
    }

    @Test func temporaryFolders() throws {
        let lines = "# x\nd /run/db 0770 root db -\nL /run/link - - - - /x\nD /var/cache/db - db - 10d\n"
        let (tree, others) = try configure([
            (
                "db", ["usr/lib/tmpfiles.d/db.conf": lines, "usr/lib/tmpfiles.d/other.conf": "d /run/other\n"],
                "adduser --system --group db\nsystemd-tmpfiles ${DPKG_ROOT:+--root=\"$DPKG_ROOT\"} --create db.conf >/dev/null || true\n"
            )
        ])
        #expect(others == [])
        let run = try #require(tree[TreePath("run/db")])
        #expect((run.mode, run.uid, run.gid) == (0o770, 0, 100))
        let cache = try #require(tree[TreePath("var/cache/db")])
        #expect((cache.mode, cache.uid, cache.gid) == (0o755, 100, 0))
        #expect(tree[TreePath("run/other")] == nil && tree[TreePath("run/link")] == nil)
    }

    @Test func indexesMatterWhereThereIsSomethingToIndex() throws {
        let script = "glib-compile-schemas /usr/share/glib-2.0/schemas\ngio-querymodules /usr/lib/x/gio/modules\n"
        #expect(try configure([("a", ["usr/share/x": ""], script)]).others == [])
        #expect(
            try configure([("a", ["usr/share/glib-2.0/schemas/a.gschema.xml": ""], script)]).others
                == ["a: glib-compile-schemas"])
    }

    @Test func otherCommandsAreNamedOnce() throws {
        let script =
            "fc-cache -s\nif [ -x /usr/bin/x ]; then never; fi\n/usr/bin/fc-cache -f\nsystemctl daemon-reload\nmake-key $(hostname)\n"
        #expect(try configure([("fonts", ["etc/x": ""], script)]).others == ["fonts: fc-cache", "fonts: make-key"])
    }

    /// From the archive to the image: `only` chooses a link of the alternatives, and a file of accounts.
    @Test func imageHasWhatTheScriptsMake() async throws {
        try await withTemporaryDirectory { directory in
            let archive = try LocalArchive(directory)
            try archive.add(
                "tool", version: "1", depends: "user", files: ["usr/bin/tool-1": "t", "usr/share/x": ""],
                scripts: [
                    "postinst":
                        "#!/bin/sh\nset -e\nupdate-alternatives --install /usr/bin/tool tool /usr/bin/tool-1 1\nbless me\n"
                ])
            try archive.add(
                "user", version: "1", files: ["usr/share/user": ""],
                scripts: ["preinst": "#!/bin/sh\nadduser --system --group \"tooler\"\nother\n"])
            let path = "\(directory)/pkg"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data("image: t\npackages: [tool]\nonly: [usr/bin/tool, etc/passwd]\n".utf8).write(
                to: URL(filePath: "\(path)/build.yml"))
            let folder = try PackageFolder(path)
            let supply = PackageSupply(cache: "\(directory)/cache", options: .init(environment: archive.environment))
            let closure = try await supply.fetch(nil, for: folder)
            #expect(closure.packages.map(\.name) == ["tool", "user"])
            var notes: [String] = []
            let contents = PackageContents(
                folder: folder, products: Products(folder: "/"), time: 0, work: directory,
                warn: { Issue.record("\($0)") }, note: { notes.append($0) })
            let tree = try contents.make(supply.contents(of: closure)).tree
            #expect(tree.resolve(TreePath("usr/bin/tool")) == TreePath("usr/bin/tool-1"))
            #expect(try text("etc/passwd", tree)?.contains("tooler:x:100:100:") == true)
            #expect(tree[TreePath("usr/share/user")] == nil)
            #expect(
                notes == [
                    "t: the installation script of Debian package 'tool' also runs 'bless': left out",
                    "t: the installation script of Debian package 'user' also runs 'other': left out",
                ])
        }
    }
}
