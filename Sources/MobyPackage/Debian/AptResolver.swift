internal import Extents
internal import MobySpec

/// Finds the packages that a request needs and fetches them, by apt.
struct AptResolver: Sendable {
    let root: AptRoot
    /// How old package lists may be, in seconds, when a request is resolved again.
    var maximumAge = 600

    /// The closure of Debian packages, recommended ones left out.
    /// - Throws: `SpecError` for names that the archive does not have, and for patterns that leave nothing out;
    ///   `AptError`.
    func resolve(_ names: [Located<String>], excluding: [Located<String>]) async throws -> [LockedPackage] {
        let lock = try await root.lock()
        defer { withExtendedLifetime(lock) {} }
        if try root.age().map({ $0 > maximumAge }) ?? true { try await root.update() }
        let arguments = ["install", "--print-uris", "--no-install-recommends", "-y", "-qq", "--"] + names.map(\.value)
        let printed: String
        do { printed = try await root.run("apt-get", arguments) } catch AptError.failed(let program, let output) {
            let diagnostics = try await diagnostics(output, names)
            throw diagnostics.isEmpty ? AptError.failed(program: program, output: output) : SpecError(diagnostics)
        }
        let found = try printed.split(separator: "\n").filter { $0.hasPrefix("'") }.map { line in
            guard let package = Self.package(printed: line) else {
                throw AptError.unreadable(program: "apt-get", line: String(line))
            }
            return package
        }
        try checkExclusions(excluding, found.map(\.name))
        let patterns = excluding.map { NamePattern($0.value) }
        let wanted = found.filter { package in !patterns.contains { $0.matches(package.name) } }
        return try await withDigests(wanted).sorted()
    }

    /// Those of the packages that the archive no longer offers. Lists are fetched again before that is reported.
    /// - Throws: `AptError.changed` when one is offered with other bytes.
    func gone(_ packages: [LockedPackage]) async throws -> [LockedPackage] {
        let lock = try await root.lock()
        defer { withExtendedLifetime(lock) {} }
        if try root.age() == nil { try await root.update() }
        let missing = try await notOffered(packages)
        guard !missing.isEmpty, try root.age().map({ $0 > 60 }) ?? true else { return missing }
        try await root.update()
        return try await notOffered(packages)
    }

    /// The versions of packages that would be installed now, by name; those that the archive does not have are left out.
    func offered(_ names: [String]) async throws -> [String: String] {
        let lock = try await root.lock()
        defer { withExtendedLifetime(lock) {} }
        if try root.age().map({ $0 > maximumAge }) ?? true { try await root.update() }
        return try await candidates(names).mapValues(\.version)
    }

    /// A version that would be installed now, and its folder in the archive.
    struct Candidate {
        let version: String
        let folder: String?
    }

    /// Of packages by their names, as the lists have them.
    func candidates(_ names: [String]) async throws -> [String: Candidate] {
        let records = try await fields(["show", "--no-all-versions", "--"] + names)
        let pairs = records.compactMap { record -> (String, Candidate)? in
            guard let name = record["Package"], let version = record["Version"] else { return nil }
            let folder = record["Filename"].flatMap { file in file.lastIndex(of: "/").map { String(file[..<$0]) } }
            return (name, Candidate(version: version, folder: folder))
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// Fetches a package from an archive of old versions.
    /// - Throws: `AptError.failed` when the URL does not have it, or has other bytes.
    func download(_ package: LockedPackage, from url: String, to file: String) async throws {
        let lock = try await root.lock()
        defer { withExtendedLifetime(lock) {} }
        // apt's method 'file' makes a link.
        let source = url.hasPrefix("file:") ? "copy:/" + url.dropFirst("file:".count).drop { $0 == "/" } : url
        try await root.run("/usr/lib/apt/apt-helper", ["download-file", source, file, "SHA256:\(package.sha256)"])
    }

    /// Downloads packages into a folder, under the names that apt gives them. apt checks them against its signed lists.
    func download(_ packages: [LockedPackage], to folder: String) async throws {
        let lock = try await root.lock()
        defer { withExtendedLifetime(lock) {} }
        try await root.run("apt-get", ["download", "-qq", "--"] + packages.map(Self.pinned), in: folder)
    }

    /// Apt's errors about names, each at its location in `build.yml`.
    private func diagnostics(_ output: String, _ names: [Located<String>]) async throws -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        for problem in AptMessages.problems(output) {
            let name: String
            let message: String
            var hint: String?
            switch problem {
            case .unknown(let package):
                (name, message) = (package, "no Debian package '\(PlainText.short(package))'")
                // Those that begin alike: the archive has tens of thousands.
                let similar = try await root.run("apt-cache", ["pkgnames", "--", String(package.prefix(1))]).split(
                    separator: "\n")
                hint =
                    Spelling.closest(to: package, in: similar.map(String.init)).map {
                        "did you mean '\(PlainText.short($0))'?"
                    }
                    ?? "searched the machine's apt sources for \(root.architecture)"
            case .notOffered(let package):
                (name, message) = (
                    package,
                    "Debian package '\(PlainText.short(package))' is only a name; the archive does not offer it"
                )
                hint = "it may be virtual, or unavailable for \(root.architecture)"
            case .noVersion(let version, let package):
                (name, message) = (
                    package,
                    "Debian package '\(PlainText.short(package))' has no version or release '\(PlainText.short(version))'"
                )
            }
            guard
                let origin = names.first(where: { $0.value == name || $0.value.prefix { !":=/".contains($0) } == name })
            else { continue }
            diagnostics.append(Diagnostic(at: origin.location, message, hint: hint))
        }
        return diagnostics
    }

    private func checkExclusions(_ patterns: [Located<String>], _ names: [String]) throws {
        let unused = patterns.filter { pattern in !names.contains(where: NamePattern(pattern.value).matches) }
        guard unused.isEmpty else {
            throw SpecError(
                unused.map { pattern in
                    let guess = Spelling.closest(to: pattern.value, in: names).map {
                        "did you mean '\(PlainText.short($0))'?"
                    }
                    return Diagnostic(
                        at: pattern.location,
                        "'exclude: \(PlainText.short(pattern.value))' matches none of the needed packages",
                        hint: guess
                            ?? "they are \(PlainText.short(names.sorted().joined(separator: ", "), limit: 400))")
                })
        }
    }

    private func notOffered(_ packages: [LockedPackage]) async throws -> [LockedPackage] {
        let offered = try await records(of: packages)
        let missing = packages.filter { !offered.contains($0) }
        for package in missing {
            guard let other = offered.first(where: { $0.name == package.name && $0.version == package.version }) else {
                continue
            }
            throw AptError.changed(package, offered: other.sha256)
        }
        return missing
    }

    private func withDigests(_ packages: [LockedPackage]) async throws -> [LockedPackage] {
        let records = try await records(of: packages)
        return try packages.map { package in
            guard let record = records.first(where: { $0.name == package.name && $0.version == package.version }) else {
                throw AptError.gone([package], now: [:])
            }
            return record
        }
    }

    /// The records of these versions in the package lists. Unknown versions are left out.
    private func records(of packages: [LockedPackage]) async throws -> [LockedPackage] {
        guard !packages.isEmpty else { return [] }
        return try await records(["show", "--"] + packages.map(Self.pinned))
    }

    private func records(_ arguments: [String]) async throws -> [LockedPackage] {
        try await fields(arguments).compactMap { record in
            guard let name = record["Package"], let version = record["Version"],
                let architecture = record["Architecture"], let sha256 = record["SHA256"]
            else { return nil }
            return LockedPackage(name: name, version: version, architecture: architecture, sha256: sha256)
        }
    }

    /// What `apt-cache show` prints. It skips what is unknown, and fails when it knows none.
    private func fields(_ arguments: [String]) async throws -> [[String: String]] {
        let text: String
        do {
            text = try await root.run("apt-cache", arguments)
        } catch AptError.failed(_, let output) where output.contains("No packages found") {
            return []
        }
        return text.split(separator: "\n\n").map { record in
            let fields = record.split(separator: "\n").map {
                $0.split(separator: ":", maxSplits: 1).map { String($0.trimmingPrefix(" ")) }
            }
            return Dictionary(fields.filter { $0.count == 2 }.map { ($0[0], $0[1]) }) { first, _ in first }
        }
    }

    private static func pinned(_ package: LockedPackage) -> String { "\(package.name)=\(package.version)" }

    /// Reads `'http://…/x.deb' nginx_1.22.1-9_amd64.deb 531468 SHA256:…`: apt's own name of a file has the whole
    /// version, escaped.
    static func package(printed line: Substring) -> LockedPackage? {
        let fields = line.split(separator: " ")
        guard fields.count >= 2, fields[1].hasSuffix(".deb") else { return nil }
        let parts = fields[1].dropLast(4).split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let version = Self.unescaped(parts[1]) else { return nil }
        return LockedPackage(name: parts[0], version: version, architecture: parts[2], sha256: "")
    }

    /// `%3a` is a colon: apt escapes what a file name cannot have.
    private static func unescaped(_ text: String) -> String? {
        let parts = text.split(separator: "%", omittingEmptySubsequences: false)
        var result = String(parts[0])
        for part in parts.dropFirst() {
            guard let code = UInt8(part.prefix(2), radix: 16) else { return nil }
            result.append(Character(Unicode.Scalar(code)))
            result += part.dropFirst(2)
        }
        return result
    }
}
