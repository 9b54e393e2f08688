/// Where Debian's packages are: the machine's own mirror, whichever release the machine runs.
struct DebianMirror: Equatable, Sendable {
    /// URI of the archive, without a slash at its end.
    let archive: String
    /// URI of the archive with security updates.
    let security: String

    /// The variable that names an archive where the machine's sources have none.
    static let variable = "MOBY_DEBIAN_MIRROR"
    /// What ``init(targets:)`` reads.
    static let targetFormat = "$(REPO_URI) $(RELEASE)"

    /// A mirror that a user names; security updates are next to the archive, as on Debian's own servers.
    init(archive: String) {
        self.archive = Self.withoutSlash(archive[...])
        security = self.archive + "-security"
    }

    /// The first archive called `debian` among the machine's sources, as `apt-get indextargets` prints them
    /// (apt-get(8)): a URI and a release in each line.
    /// - Returns: nil when there is none, as on distributions other than Debian.
    init?(targets: String) {
        let pairs = targets.split(separator: "\n").map { $0.split(separator: " ") }.filter { $0.count == 2 }
            .map { (uri: Self.withoutSlash($0[0]), release: $0[1]) }
        guard let archive = pairs.first(where: { $0.uri.hasSuffix("/debian") })?.uri else { return nil }
        self.archive = archive
        security = pairs.first { $0.release.hasSuffix("-security") }?.uri ?? archive + "-security"
    }

    /// Fills a file of sources: `{archive}` and `{security}`.
    func fill(_ sources: String) -> String {
        sources.replacing("{archive}", with: archive).replacing("{security}", with: security)
    }

    private static func withoutSlash(_ uri: Substring) -> String { String(uri.hasSuffix("/") ? uri.dropLast() : uri) }
}
