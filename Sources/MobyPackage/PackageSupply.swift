internal import Archive
internal import Extents
internal import MobySpec
public import OCI
internal import Progress
internal import Synchronization

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
            try await download(closure)
            return closure
        } catch AptError.gone(let packages) where options.refreshMissing && locked != nil {
            progress.warn(
                "\(folder.spec.image.value): \(AptError.gone(packages)); resolving again: commit the new build.lock"
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
        let what = "the Debian packages of \(folder.spec.image.value)"
        var packages = try await progress.during(.resolve, what, isMajor: true) { _ in
            try await resolver().resolve(requests, excluding: folder.spec.exclude)
        }
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
        let count = closure.packages.count
        return try progress.during(.unpack, "Debian packages", total: UInt64(count), unit: .items) { step in
            try closure.packages.map { package in
                defer { step.add(1) }
                return (package.name, try debs.contents(of: package))
            }
        }
    }

    /// The packages that have a file in the image. The others never need to be fetched again, so they are not locked.
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
        try await PackageCache(cache: cache).fetch(closure.packages, with: resolver, progress)
    }

    private func resolver() throws -> AptResolver {
        AptResolver(
            root: try AptRoot(
                cache: cache, architecture: architecture, environment: options.environment,
                wait: LockWait(progress: progress)))
    }
}

/// Resolves `@pkg:DIR` in a spec: to a reference while the spec is read, to an image when it is needed.
public final class PackageResolver: Sendable {
    private let builder: PackageBuilder
    private let directories = Mutex<[String: String]>([:])

    public init(_ builder: PackageBuilder) { self.builder = builder }

    /// The reference of `@pkg:DIR`, for `SpecReader.read`.
    public func reference(of directory: String) throws -> String {
        let reference = try builder.reference(of: directory)
        directories.withLock { $0[reference] = directory }
        return reference
    }

    /// The image of a reference that ``reference(of:)`` gave, built when the store does not have it; nil for any other
    /// reference.
    public func image(_ reference: String) async throws -> Image? {
        guard let directory = directories.withLock({ $0[reference] }) else { return nil }
        // The reference is a hash of all that the folder has and need not be computed again.
        if let image = try builder.present(reference) { return image }
        return try await builder.build(directory).image
    }
}
