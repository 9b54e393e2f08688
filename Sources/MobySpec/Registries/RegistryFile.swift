internal import Extents
public import OCI

/// A file that says how registries are reached, `registries.yml`.
public struct RegistryFile: Sendable {
    struct MirrorRule: Sendable {
        var match: [Located<String>] = []
        var mirrors: [Located<String>] = []
        var asksOrigin = true
        var location: SourceLocation?
    }

    struct HostRule: Sendable {
        var match: [Located<String>] = []
        var isInsecure = false
        var usesTLS = false
        var authorities: [Located<String>] = []
        var clientCertificate: Located<String>?
        var clientKey: Located<String>?
        var connections: Int?
        var location: SourceLocation?
    }

    /// The file, to which the paths in it are relative.
    private var file = ""
    var mirrors: [MirrorRule] = []
    var hosts: [HostRule] = []

    /// Reads the text of a file; one without rules is valid.
    /// - Throws: `SpecError` with every error.
    public init(parsing text: String, file: String) throws {
        self.init()
        self.file = file
        var diagnostics: [Diagnostic] = []
        guard let root = YAMLReader.read(text, file: file, &diagnostics), !root.isNull else {
            guard diagnostics.isEmpty else { throw SpecError(diagnostics) }
            return
        }
        var reading = Reading()
        let read = KeyTable.registries.read(root, into: self, &reading)
        diagnostics += reading.problems
        guard let read, diagnostics.isEmpty else { throw SpecError(diagnostics) }
        diagnostics = read.mirrors.flatMap(\.problems) + read.hosts.flatMap(\.problems)
        guard diagnostics.isEmpty else { throw SpecError(diagnostics) }
        self = read
    }

    private init() {}

    /// The rules, with the files of certificates that they name.
    /// - Throws: `SpecError` with every mirror that is not an address, and every file that cannot be read.
    public func rules() throws -> RegistryRules {
        var diagnostics: [Diagnostic] = []
        var rules = RegistryRules()
        rules.mirrors = mirrors.map { $0.rule(&diagnostics) }
        rules.hosts = hosts.map { $0.rule(file, &diagnostics) }
        guard diagnostics.isEmpty else { throw SpecError(diagnostics) }
        return rules
    }
}

extension RegistryFile.MirrorRule {
    fileprivate var problems: [Diagnostic] {
        var found: [Diagnostic] = []
        if match.isEmpty { found.append(.matchesNothing(location)) }
        if mirrors.isEmpty {
            found.append(Diagnostic(at: location, "the rule has no mirrors", hint: "give 'try' at least one address"))
        }
        return found
    }

    fileprivate func rule(_ diagnostics: inout [Diagnostic]) -> RegistryRules.MirrorRule {
        var rule = RegistryRules.MirrorRule(match: match.map(\.value), asksOrigin: asksOrigin)
        for mirror in mirrors {
            do { try rule.add(mirror: mirror.value) } catch {
                diagnostics.append(Diagnostic(at: mirror.location, "\(error)", hint: error.anyHint))
            }
        }
        return rule
    }
}

extension RegistryFile.HostRule {
    fileprivate var problems: [Diagnostic] {
        var found: [Diagnostic] = []
        if match.isEmpty { found.append(.matchesNothing(location)) }
        for host in match where host.value.contains("/") {
            found.append(
                Diagnostic(
                    at: host.location, "'\(PlainText.short(host.value))' is not a host",
                    hint: "write the host alone, with a port where it matters"))
        }
        if isInsecure, usesTLS {
            found.append(Diagnostic(at: location, "'insecure' and 'tls' cannot be combined"))
        }
        if isInsecure, !authorities.isEmpty || clientCertificate != nil {
            found.append(
                Diagnostic(
                    at: location, "'insecure' and certificates cannot be combined",
                    hint: "plain HTTP has no certificates; remove one of them"))
        }
        if (clientCertificate == nil) != (clientKey == nil) {
            found.append(Diagnostic(at: location, "'client-certificate' and 'client-key' require each other"))
        }
        return found
    }

    fileprivate func rule(_ file: String, _ diagnostics: inout [Diagnostic]) -> RegistryRules.HostRule {
        func path(_ value: Located<String>) -> String { PartialFiles.path(value.value, nextTo: file) }
        var client: (certificate: String, key: String)?
        if let clientCertificate, let clientKey { client = (path(clientCertificate), path(clientKey)) }
        for value in authorities + [clientCertificate, clientKey].compactMap(\.self) {
            do { _ = try HostFiles.head(of: path(value), count: 1) } catch {
                diagnostics.append(
                    Diagnostic(
                        at: value.location, "'\(PlainText.short(value.value))' cannot be used: \(error)",
                        hint: error.anyHint))
            }
        }
        return RegistryRules.HostRule(
            match: match.map(\.value), security: isInsecure ? .plain : usesTLS ? .tls : nil,
            authorities: authorities.map(path), client: client, connections: connections)
    }
}

extension Diagnostic {
    fileprivate static func matchesNothing(_ location: SourceLocation?) -> Diagnostic {
        Diagnostic(at: location, "the rule matches nothing", hint: "give 'match' at least one pattern")
    }
}
