internal import Extents
internal import OCI
internal import Progress

/// Downloads Debian source packages through apt, which checks them against its signed lists.
public struct SourceDownload: Sendable {
    /// A source package at its version.
    public typealias Wanted = (name: String, version: String)

    private let cache: String
    private let architecture: String
    private let sources: String?
    private let environment: [String: String]
    private let progress: Reporter

    /// As a builder of packages is set up.
    public init(_ builder: PackageBuilder) {
        cache = builder.store.path
        architecture = builder.options.platform.architecture
        sources = builder.options.definitionSources
        environment = builder.options.environment
        progress = builder.store.progress
    }

    /// Downloads the files of source packages into a folder.
    /// - Returns: those that the archive does not have, at this version, or could not deliver.
    /// - Throws: `AptError`, `FileError`.
    public func fetch(_ wanted: [Wanted], into folder: String) async throws -> [Wanted] {
        try FolderTree.make(folder)
        let root = try await root()
        let lock = try await root.lock()
        defer { withExtendedLifetime(lock) {} }
        try await progress.during(.download, "Debian's lists of source packages", isMajor: true) { _ in
            try await root.update()
        }
        var (offered, missing): ([Wanted], [Wanted]) = ([], [])
        for package in wanted {
            if try await isOffered(package, root) { offered.append(package) } else { missing.append(package) }
        }
        let what = offered.count == 1 ? "1 source package" : "\(offered.count) source packages"
        try await progress.during(.download, what, total: UInt64(offered.count), unit: .items, isMajor: true) { step in
            for package in offered {
                do {
                    try await root.run(
                        "apt-get", ["source", "--download-only", "--only-source", "-qq", "--", Self.pinned(package)],
                        in: folder)
                } catch let error as AptError {
                    // Lists may name files that their mirror does not have.
                    guard case .failed = error else { throw error }
                    progress.warn("\(PlainText.short(package.name)): \(error)")
                    missing.append(package)
                }
                step.add(1)
            }
        }
        return missing
    }

    private static func pinned(_ package: Wanted) -> String { "\(package.name)=\(package.version)" }

    private func isOffered(_ package: Wanted, _ root: AptRoot) async throws -> Bool {
        do {
            let arguments = ["source", "--print-uris", "--only-source", "-qq", "--", Self.pinned(package)]
            return try await !root.run("apt-get", arguments).isEmpty
        } catch AptError.failed { return false }
    }

    private static let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

    /// A root whose sources are the source packages of the archives that binary packages come from.
    private func root() async throws -> AptRoot {
        let binary = try AptRoot(
            cache: cache, architecture: architecture, sources: sources, environment: environment,
            wait: LockWait(progress: progress))
        let format = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)"
        // Sources of its own are written when lists are first fetched.
        if sources != nil, try binary.age() == nil { try await binary.update() }
        let targets = try await binary.run(
            "apt-get", ["indextargets", "--no-release-info", "--format", format, "Created-By: Packages"])
        // apt before 2.7 leaves the name of the key's file as it is asked for; Debian's own packages have one.
        let usual = try HostFiles.exists(Self.keyring) ? "Signed-By: \(Self.keyring)\n" : ""
        var seen: Set<Substring> = []
        let stanzas = targets.split(separator: "\n").filter { seen.insert($0).inserted }.compactMap { line in
            let fields = line.split(separator: "|", omittingEmptySubsequences: false)
            guard fields.count == 4 else { return nil as String? }
            let key = fields[3].hasPrefix("$") ? usual : fields[3].isEmpty ? "" : "Signed-By: \(fields[3])\n"
            return "Types: deb-src\nURIs: \(fields[0])\nSuites: \(fields[1])\nComponents: \(fields[2])\n\(key)"
        }
        guard !stanzas.isEmpty else { throw AptError.noMirror }
        let file = "\(cache)/apt/source.sources"
        try ExtentWriter.write(ExtentList([.bytes(Array(stanzas.joined(separator: "\n").utf8))]), to: file)
        return try AptRoot(
            cache: cache, architecture: architecture, sources: file, environment: environment,
            wait: LockWait(progress: progress))
    }
}
