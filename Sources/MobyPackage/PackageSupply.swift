internal import Archive
internal import Extents
internal import MobySpec
internal import OCI
internal import Progress

/// The Debian packages of a folder: resolved or as locked, fetched, unpacked.
struct PackageSupply: Sendable {
    let cache: String
    let options: PackageBuilder.Options
    var progress = Reporter.silent

    private var architecture: String { options.platform.architecture }

    /// Makes sure that the cache has all packages.
    /// - Parameter locked: nil to resolve again.
    /// - Returns: the closure in the cache; not the locked one if a pinned package is gone and may be replaced.
    func fetch(_ locked: PackageLock.Closure?, for folder: PackageFolder) async throws -> PackageLock.Closure {
        let closure: PackageLock.Closure
        if let locked { closure = locked } else { closure = try await resolve(folder) }
        do {
            try await download(closure, for: folder)
            return closure
        } catch AptError.gone(let packages, let now)
            where locked != nil && !folder.isPinned
            && (options.refreshMissing || folder.isLockReplaceable && !options.isOffline)
        {
            let next =
                folder.isLockReplaceable
                ? "; taking its successors, which the cache pins from now on"
                : "; resolving again: commit the new build.lock"
            progress.warn("\(folder.spec.image.value): \(AptError.gone(packages, now: now))\(next)")
            let fresh = try await resolve(folder)
            try await download(fresh, for: folder)
            return fresh
        }
    }

    /// Asks apt for the closure and writes `build.lock`.
    func resolve(_ folder: PackageFolder) async throws -> PackageLock.Closure {
        let requests = folder.spec.requests(architecture: architecture)
        guard !requests.isEmpty else { return PackageLock.Closure(wants: [], packages: []) }
        let what = "the Debian packages of \(folder.spec.image.value)"
        var packages = try await progress.during(.resolve, what, isMajor: true) { _ in
            try await resolver(folder).resolve(requests, excluding: folder.spec.exclude)
        }
        if folder.spec.kernel != nil { packages.removeAll { !$0.name.hasPrefix("linux-image-") } }
        if let only = folder.spec.only { packages = try await contributors(packages, only: only, to: folder) }
        let closure = PackageLock.Closure(wants: folder.wants(architecture: architecture), packages: packages)
        var lock = folder.lock ?? PackageLock()
        lock.closures[architecture] = closure
        try ExtentWriter.write(ExtentList([.bytes(Array(lock.text.utf8))]), to: folder.lockPath)
        return closure
    }

    /// The packages, unpacked.
    func contents(of closure: PackageLock.Closure) throws -> [UnpackedPackage] {
        let debs = try PackageCache(cache: cache)
        let count = closure.packages.count
        return try progress.during(.unpack, "Debian packages", total: UInt64(count), unit: .items) { step in
            try closure.packages.map { package in
                defer { step.add(1) }
                return try debs.unpacked(package)
            }
        }
    }

    /// The packages that have a file in the image. The others never need to be fetched again, so they are not locked.
    private func contributors(_ packages: [LockedPackage], only: [Located<String>], to folder: PackageFolder)
        async throws
        -> [LockedPackage]
    {
        let closure = PackageLock.Closure(wants: [], packages: packages)
        try await download(closure, for: folder)
        let unpacked = try contents(of: closure)
        var all = try PackageTree(unpacked)
        if folder.spec.kernel == nil { _ = try all.configure(unpacked, time: 0) }
        var paths = Set(try Selection(only, of: all.tree).tree.paths)
        for case .concatenation(let patterns) in folder.spec.files.map(\.content) {
            try all.tree.checkUse(of: patterns, in: "concatenate")
            paths.formUnion(all.tree.paths(matching: patterns))
        }
        let owners = all.owners(of: paths)
        return packages.filter { owners.contains($0.name) }
    }

    private func download(_ closure: PackageLock.Closure, for folder: PackageFolder) async throws {
        let cached = try PackageCache(cache: cache)
        if options.isOffline, case let missing = try closure.packages.filter({ try !cached.has($0) }), !missing.isEmpty
        {
            throw AptError.offline(missing)
        }
        try await cached.fetch(
            closure.packages, with: { try resolver(folder) }, snapshot: DebianSnapshot(options.environment), progress)
    }

    /// The versions that the archive has now, by name.
    func offered(_ packages: [LockedPackage], sources: String?) async throws -> [String: String] {
        try await progress.during(.resolve, "the versions of \(packages.count) Debian packages") { _ in
            try await resolver(sources: sources).offered(packages.map(\.name))
        }
    }

    private func resolver(_ folder: PackageFolder) throws -> AptResolver {
        try resolver(sources: options.isDefinition(folder.path) ? options.definitionSources : nil)
    }

    private func resolver(sources: String?) throws -> AptResolver {
        AptResolver(
            root: try AptRoot(
                cache: cache, architecture: architecture, sources: sources, environment: options.environment,
                wait: LockWait(progress: progress)))
    }
}
