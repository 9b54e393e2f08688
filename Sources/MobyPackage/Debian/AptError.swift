public import Extents

/// What apt could not do.
public enum AptError: HintedError, CustomStringConvertible, Sendable {
    /// apt-get is not installed.
    case missing(program: String)
    /// A call ended with an error; `output` is what it wrote to standard error.
    case failed(program: String, output: String)
    /// The answer could not be read.
    case unreadable(program: String, line: String)
    /// Pinned versions that the archive does not offer any more.
    case gone([LockedPackage])
    /// A pinned version is offered with other bytes.
    case changed(LockedPackage, offered: String)
    /// A downloaded file is not the one that the lock names.
    case wrongDigest(LockedPackage, actual: String)
    case notDownloaded(LockedPackage)

    public var description: String {
        switch self {
        case .missing(let program): "no program '\(program)', which is needed to fetch Debian packages"
        case .failed(let program, let output):
            "\(program): "
                + (AptMessages.lines(output).joined(separator: "\n  ").nonEmpty
                    ?? "it ended with an error and gave no reason")
        case .unreadable(let program, let line): "\(program) printed '\(PlainText.short(line))', which cannot be read"
        case .gone(let packages):
            "the Debian archive does not offer " + packages.map { "'\($0.name)' \($0.version)" }.joined(separator: ", ")
                + " any more"
        case .changed(let package, let offered):
            "the Debian archive offers '\(package.name)' \(package.version) as sha256:\(PlainText.short(offered)), but build.lock pins sha256:\(package.sha256)"
        case .wrongDigest(let package, let actual):
            "'\(package.name)' \(package.version) as downloaded is sha256:\(actual), expected sha256:\(package.sha256)"
        case .notDownloaded(let package): "'\(package.name)' \(package.version) was not downloaded"
        }
    }

    /// What the user can do about it.
    public var hint: String? {
        switch self {
        case .missing: "install apt, or build the packages on Debian"
        case .gone: "run 'moby pkg build --update' to resolve again, and commit build.lock"
        case .changed:
            "see who changed build.lock or the archive before anything else; 'moby pkg lock' pins what is offered now"
        case .wrongDigest:
            "the archive changed a file without a new version; run 'moby pkg build --update' if you trust it"
        case .failed, .unreadable, .notDownloaded: nil
        }
    }

}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
