internal import Archive
internal import Extents
internal import MobySpec
internal import OCI

/// The Debian packages of a folder: resolved or as locked, fetched, unpacked.
struct PackageSupply: Sendable {
    let cache: String
    let options: PackageBuilder.Options

    private var architecture: String { options.platform.architecture }

    /// Sees to it that all packages are in the cache.
    /// - Parameter locked: nil to resolve again.
    /// - Returns: the closure that the cache has now; not the locked one when a pinned package is gone and may be
    ///   replaced.
    func fetch(_ locked: PackageLock.Closure?, for folder: PackageFolder) async throws -> PackageLock.Closure {
        let closure: PackageLock.Closure
        if let locked { closure = locked } else { closure = try await resolve(folder) }
        do {
            try await download(closure)
            return closure
        } catch AptError.gone(let packages) where options.refreshMissing && locked != nil {
            options.progress(
                "warning: \(folder.spec.image.value): \(AptError.gone(packages)); resolving again: commit the new build.lock"
            )
            let fresh = try await resolve(folder)
            try await download(fresh)
            return fresh
        }
    }

    /// Asks apt for the closure and writes `build.lock`.
    func resolve(_ folder: PackageFolder) async throws -> PackageLock.Closure {
        let requests = folder.spec.requests(architecture: architecture)
        guard !requests.isEmpty else { return PackageLock.Closure(wants: [], packages: []) }
        options.progress("resolving the Debian packages of \(folder.spec.image.value)")
        var packages = try await resolver().resolve(requests, excluding: folder.spec.exclude)
        if folder.spec.kernel != nil { packages.removeAll { !$0.name.hasPrefix("linux-image-") } }
        if let only = folder.spec.only { packages = try await contributors(packages, only: only, to: folder) }
        let closure = PackageLock.Closure(wants: folder.wants(architecture: architecture), packages: packages)
        var lock = folder.lock ?? PackageLock()
        lock.closures[architecture] = closure
        try ExtentWriter.write(
            ExtentList([.bytes(Array(lock.text.utf8))]), to: "\(folder.path)/\(PackageLock.fileName)")
        return closure
    }

    /// Name and uncompressed tar of each package.
    func contents(of closure: PackageLock.Closure) throws -> [(name: String, contents: ExtentList)] {
        let debs = try PackageCache(cache: cache)
        return try closure.packages.map { ($0.name, try debs.contents(of: $0)) }
    }

    /// The packages that have a file in the image. The others need not be fetched ever again, so they are not locked.
    private func contributors(_ packages: [LockedPackage], only: [Located<String>], to folder: PackageFolder)
        async throws
        -> [LockedPackage]
    {
        let closure = PackageLock.Closure(wants: [], packages: packages)
        try await download(closure)
        let all = try PackageTree(contents(of: closure))
        var paths = Set(try Selection(only, of: all.tree).tree.paths)
        for case .concatenation(let patterns) in folder.spec.files.map(\.content) {
            try all.tree.checkUse(of: patterns, in: "concatenate")
            paths.formUnion(all.tree.paths(matching: patterns))
        }
        let owners = all.owners(of: paths)
        return packages.filter { owners.contains($0.name) }
    }

    private func download(_ closure: PackageLock.Closure) async throws {
        try await PackageCache(cache: cache).fetch(closure.packages, with: resolver, progress: options.progress)
    }

    private func resolver() throws -> AptResolver {
        AptResolver(
            root: try AptRoot(
                cache: cache, architecture: architecture, environment: options.environment,
                wait: LockWait(progress: options.progress)))
    }
}
