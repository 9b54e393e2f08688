internal import Extents
internal import Glibc
internal import Progress

/// Downloaded packages, by the SHA-256 of their `.deb` file, and their contents as uncompressed tars. The SHA-256 of a
/// tar is the text of a symbolic link next to it.
struct PackageCache: Sendable {
    let path: String

    init(cache: String) throws {
        path = Self.path(in: cache)
        try FolderTree.make(path)
    }

    static func path(in cache: String) -> String { "\(cache)/debs" }

    func has(_ package: LockedPackage) throws -> Bool { try HostFiles.exists(deb(package)) }

    /// Fetches missing packages. No program is started when none is missing.
    func fetch(
        _ packages: [LockedPackage], with resolver: () throws -> AptResolver, snapshot: DebianSnapshot,
        _ progress: Reporter
    ) async throws {
        let missing = try packages.filter { try !has($0) }
        guard !missing.isEmpty else { return }
        let what = missing.count == 1 ? "1 Debian package" : "\(missing.count) Debian packages"
        try await progress.during(.download, what, isMajor: true) { step in
            let resolver = try resolver()
            let old = try await fetchGone(missing, with: resolver, snapshot, progress, step)
            try await download(missing.filter { !old.contains($0) }, with: resolver, step)
        }
    }

    /// Fetches what the archive no longer offers from archives of old versions.
    /// - Returns: those packages.
    /// - Throws: `AptError.gone` with those that none has.
    private func fetchGone(
        _ packages: [LockedPackage], with resolver: AptResolver, _ snapshot: DebianSnapshot, _ progress: Reporter,
        _ step: Step
    ) async throws -> [LockedPackage] {
        let gone = try await resolver.gone(packages)
        guard !gone.isEmpty else { return [] }
        let candidates = try await resolver.candidates(gone.map(\.name))
        var lost: [LockedPackage] = []
        let work = try WorkFolder(in: path, prefix: "download-")
        defer { withExtendedLifetime(work) {} }
        for package in gone {
            let file = "\(work.path)/\(package.sha256).deb"
            var isFound = false
            for url in snapshot.urls(of: package, folder: candidates[package.name]?.folder) where !isFound {
                do {
                    try await resolver.download(package, from: url, to: file)
                    isFound = true
                } catch let error as AptError { progress.note("'\(PlainText.short(url))': \(error)") }
            }
            guard isFound else {
                lost.append(package)
                continue
            }
            try verify(package, file: file)
            guard rename(file, deb(package)) == 0 else { throw FileError("rename", deb(package)) }
        }
        guard lost.isEmpty else { throw AptError.gone(lost, now: candidates.mapValues(\.version)) }
        return gone
    }

    private func download(_ missing: [LockedPackage], with resolver: AptResolver, _ step: Step) async throws {
        guard !missing.isEmpty else { return }
        WorkFolder.removeAbandoned(in: path, prefix: "download-")
        let work = try WorkFolder(in: path, prefix: "download-")
        defer { withExtendedLifetime(work) {} }
        let folder = work.path
        try await counting(in: folder, step) { try await resolver.download(missing, to: folder) }
        let files = try FolderTree.names(in: folder)
        for package in missing {
            guard let file = files.first(where: { $0.hasPrefix("\(package.name)_") && $0.hasSuffix(".deb") }) else {
                throw AptError.notDownloaded(package)
            }
            try verify(package, file: "\(folder)/\(file)")
            guard rename("\(folder)/\(file)", deb(package)) == 0 else { throw FileError("rename", deb(package)) }
        }
    }

    /// Runs work that fills a folder, and counts the bytes in there: apt-get says nothing that is easier to read.
    private func counting(in folder: String, _ step: Step, _ work: () async throws -> Void) async throws {
        let watch = Task {
            while true {
                try await Task.sleep(for: .milliseconds(200))
                // A file that is renamed meanwhile counts next time.
                if let size = try? FolderTree.measure(folder).bytes { step.set(size) }
            }
        }
        defer { watch.cancel() }
        try await work()
        step.set(try FolderTree.measure(folder).bytes)
    }

    /// The contents of a package as an uncompressed tar, made once from its `.deb`.
    func contents(of package: LockedPackage) throws -> ExtentList {
        let (tar, record) = (tar(package), tar(package) + ".sha256")
        if let expected = try HostFiles.link(record), try HostFiles.exists(tar), try Self.hash(tar) == expected {
            return try ExtentList(file: tar)
        }
        // Without its record a tar may be cut short or changed.
        let deb = self.deb(package)
        try verify(package, file: deb)
        PartialFiles.removeAbandoned(of: [tar])
        let hash = SHA256()
        try ExtentWriter.stream(to: tar) { sink in
            try DebianArchive.contents(of: deb) {
                hash.update($0)
                try sink.write($0)
            }
        }
        unlink(record)
        guard symlink(hash.finalize().hex, record) == 0 || errno == EEXIST else { throw FileError("create", record) }
        return try ExtentList(file: tar)
    }

    /// The package as an image takes it.
    func unpacked(_ package: LockedPackage) throws -> UnpackedPackage {
        let contents = try contents(of: package)
        let control = try DebianArchive.control(of: deb(package))
        return UnpackedPackage(
            name: package.name, contents: contents, control: control.text, sha256: package.sha256,
            scripts: control.scripts)
    }

    private func verify(_ package: LockedPackage, file: String) throws {
        let actual = try Self.hash(file)
        guard actual == package.sha256 else { throw AptError.wrongDigest(package, actual: actual) }
    }

    private static func hash(_ file: String) throws -> String { try HostFiles.sha256(file).hex }

    private func deb(_ package: LockedPackage) -> String { "\(path)/\(package.sha256).deb" }
    private func tar(_ package: LockedPackage) -> String { "\(path)/\(package.sha256).tar" }
}
