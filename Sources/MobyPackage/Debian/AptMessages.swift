public import Extents

/// What apt's programs write to standard error in the C locale.
enum AptMessages {
    /// The errors and warnings, else the last lines, fit for a message.
    static func lines(_ output: String) -> [String] {
        let all = output.split(whereSeparator: \.isNewline)
        let marked = all.filter { $0.hasPrefix("E: ") }
        let chosen = marked.isEmpty ? all.suffix(5) : marked.prefix(10)
        return chosen.map { PlainText.line($0.hasPrefix("E: ") ? $0.dropFirst(3) : $0) }
    }

    /// The lock that another process holds, and apt's description of that process.
    static func heldLock(_ output: String) -> (path: String, holder: String?)? {
        guard
            let match = output.firstMatch(
                of: /Could not get lock (\S+?)\.? (?:-|It is held by (process \d+ \([^)]*\)))/)
        else {
            return nil
        }
        return (PlainText.short(match.1), match.2.map { PlainText.short($0) })
    }

    /// Why a requested package is unavailable.
    enum Problem: Equatable {
        case unknown(String)
        case notOffered(String)
        case noVersion(String, of: String)
    }

    static func problems(_ output: String) -> [Problem] {
        output.split(whereSeparator: \.isNewline).compactMap { line in
            if let match = line.wholeMatch(of: /E: Unable to locate package (\S+)/) { return .unknown(String(match.1)) }
            if let match = line.wholeMatch(of: /E: Package '?([^' ]+)'? has no installation candidate/) {
                return .notOffered(String(match.1))
            }
            if let match = line.wholeMatch(of: /E: (?:Version|Release) '([^']+)' for '([^']+)' was not found/) {
                return .noVersion(String(match.1), of: String(match.2))
            }
            return nil
        }
    }
}

/// An error of apt, or of what it fetched.
public enum AptError: HintedError, CustomStringConvertible, Sendable {
    /// apt-get is not installed.
    case missing(program: String)
    /// A call ended with an error; `output` is what it wrote to standard error.
    case failed(program: String, output: String)
    /// An unknown answer.
    case unreadable(program: String, line: String)
    /// Pinned versions that the archive no longer offers, and the versions that it has now, by name.
    case gone([LockedPackage], now: [String: String])
    /// A pinned version is offered with other bytes.
    case changed(LockedPackage, offered: String)
    /// A downloaded file differs from the lock.
    case wrongDigest(LockedPackage, actual: String)
    case notDownloaded(LockedPackage)
    /// Packages that were never downloaded, and downloading is off.
    case offline([LockedPackage])
    /// The machine's sources have no archive of Debian.
    case noMirror

    public var description: String {
        switch self {
        case .missing(let program): "Debian packages need the program '\(program)', which is not installed"
        case .failed(let program, let output):
            "\(program): "
                + (AptMessages.lines(output).joined(separator: "\n  ").nonEmpty
                    ?? "it failed without a message")
        case .unreadable(let program, let line): "\(program) printed an unknown line: '\(PlainText.short(line))'"
        case .gone(let packages, let now):
            "the Debian archive no longer offers "
                + packages.map { package in
                    let next = now[package.name].map { "it has \($0) now" } ?? "it has no other version"
                    return "'\(package.name)' \(package.version) (\(next))"
                }.joined(separator: ", ")
        case .changed(let package, let offered):
            "the Debian archive offers '\(package.name)' \(package.version) as sha256:\(PlainText.short(offered)), but build.lock pins sha256:\(package.sha256)"
        case .wrongDigest(let package, let actual):
            "the download of '\(package.name)' \(package.version) is sha256:\(actual), expected sha256:\(package.sha256)"
        case .notDownloaded(let package): "'\(package.name)' \(package.version) was not downloaded"
        case .offline(let packages):
            "downloading is off, and \(packages.count) Debian package\(packages.count == 1 ? " is" : "s are") not in the store: "
                + packages.prefix(5).map { "'\($0.name)'" }.joined(separator: ", ") + (packages.count > 5 ? ", …" : "")
        case .noMirror: "apt on this machine has no Debian archive, which system images are built from"
        }
    }

    public var hint: String? {
        switch self {
        case .missing: "install apt, or build the packages on Debian"
        case .gone:
            "run 'moby pkg build --update' to resolve again, and commit build.lock; or name an archive of old versions in \(DebianSnapshot.variable)"
        case .changed:
            "first find out who changed build.lock or the archive; 'moby pkg lock' pins the current packages"
        case .wrongDigest:
            "the archive changed a file without a new version; run 'moby pkg build --update' if you trust it"
        case .offline: "omit --offline, or run 'moby pkg build' with a network first"
        case .noMirror: "name a mirror of Debian: \(DebianMirror.variable)=http://HOST/debian"
        case .failed, .unreadable, .notDownloaded: nil
        }
    }

}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
