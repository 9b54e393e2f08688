internal import Extents
internal import FoundationEssentials
internal import Glibc

/// Downloaded packages, by the SHA-256 of their `.deb` file, and their contents as uncompressed tars.
struct PackageCache: Sendable {
    let path: String

    init(cache: String) throws {
        path = "\(cache)/debs"
        try FolderTree.make(path)
    }

    func has(_ package: LockedPackage) -> Bool {
        FileManager.default.fileExists(atPath: tar(package)) || FileManager.default.fileExists(atPath: deb(package))
    }

    /// Fetches what is not here yet. No program is started when nothing is missing.
    func fetch(_ packages: [LockedPackage], with resolver: () throws -> AptResolver, progress: (String) -> Void)
        async throws
    {
        let missing = packages.filter { !has($0) }
        guard !missing.isEmpty else { return }
        progress("fetching \(missing.count) Debian package\(missing.count == 1 ? "" : "s")")
        let resolver = try resolver()
        let gone = try await resolver.gone(missing)
        guard gone.isEmpty else { throw AptError.gone(gone) }
        WorkFolder.removeAbandoned(in: path, prefix: "download-")
        let work = try WorkFolder(in: path, prefix: "download-")
        defer { withExtendedLifetime(work) {} }
        let folder = work.path
        try await resolver.download(missing, to: folder)
        let files = try FolderTree.names(in: folder)
        for package in missing {
            guard let file = files.first(where: { $0.hasPrefix("\(package.name)_") && $0.hasSuffix(".deb") }) else {
                throw AptError.notDownloaded(package)
            }
            try verify(package, file: "\(folder)/\(file)")
            guard rename("\(folder)/\(file)", deb(package)) == 0 else { throw FileError("rename", deb(package)) }
        }
    }

    /// The contents of a package as an uncompressed tar, made once from its `.deb`.
    func contents(of package: LockedPackage) throws -> ExtentList {
        let tar = self.tar(package)
        if !FileManager.default.fileExists(atPath: tar) {
            let deb = self.deb(package)
            try verify(package, file: deb)
            PartialFiles.removeAbandoned(of: [tar])
            try ExtentWriter.stream(to: tar) { sink in try DebianArchive.contents(of: deb) { try sink.write($0) } }
        }
        return try ExtentList(file: tar)
    }

    private func verify(_ package: LockedPackage, file: String) throws {
        let hash = SHA256()
        try ExtentReader.read(ExtentList(file: file)) { hash.update($0) }
        let actual = hash.finalize()
        guard actual == package.sha256 else { throw AptError.wrongDigest(package, actual: actual) }
    }

    private func deb(_ package: LockedPackage) -> String { "\(path)/\(package.sha256).deb" }
    private func tar(_ package: LockedPackage) -> String { "\(path)/\(package.sha256).tar" }
}
