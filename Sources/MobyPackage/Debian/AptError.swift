public import Extents

/// What apt could not do.
public enum AptError: HintedError, CustomStringConvertible, Sendable {
    /// apt-get is not installed.
    case missing(program: String)
    /// A call ended with an error; `output` is what it wrote.
    case failed(arguments: [String], status: String, output: String)
    /// The answer could not be read.
    case unreadable(arguments: [String], line: String)
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
        case .failed(let arguments, let status, let output):
            "'\(arguments.joined(separator: " "))' ended with \(status)" + (output.isEmpty ? "" : ":\n\(Self.indented(output))")
        case .unreadable(let arguments, let line): "'\(arguments.joined(separator: " "))' wrote '\(line)', which could not be read"
        case .gone(let packages):
            "the Debian archive does not offer " + packages.map { "'\($0.name)' \($0.version)" }.joined(separator: ", ") + " any more"
        case .changed(let package, let offered):
            "the Debian archive offers '\(package.name)' \(package.version) as sha256:\(offered), but build.lock pins sha256:\(package.sha256)"
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
        case .changed: "see who changed build.lock or the archive before anything else; 'moby pkg lock' pins what is offered now"
        case .wrongDigest: "the archive changed a file without a new version; run 'moby pkg build --update' if you trust it"
        case .failed, .unreadable, .notDownloaded: nil
        }
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    }
}
