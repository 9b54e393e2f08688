public import Extents
public import MobySpec
public import OCI
internal import Signatures

/// Decides which images a build may use.
public struct PolicyCheck: Sendable {
    struct Rule {
        let rule: Policy.Rule
        let requirements: [Requirement]
    }

    let file: String
    let rules: [Rule]

    /// Reads a policy and the keys and trusted roots that it names.
    /// - Throws: `SpecError` with every error of the text and of the files that it names; `FileError`.
    public init(file: String) throws {
        let text = try HostFiles.text(file)
        let policy = try Policy(parsing: text, file: file)
        self.file = file
        var problems: [Diagnostic] = []
        rules = policy.rules.map { rule in
            Rule(rule: rule, requirements: Self.requirements(rule, file, &problems))
        }
        guard problems.isEmpty else { throw SpecError(problems) }
    }

    /// The policy that a spec names, next to the file that names it.
    /// - Returns: nil when it names none.
    /// - Throws: as ``init(file:)``.
    public init?(of spec: Spec) throws {
        guard let policy = spec.policy else { return nil }
        let file = PartialFiles.path(policy.value, nextTo: policy.location.file)
        do { try self.init(file: file) } catch let error as FileError {
            throw SpecError([Diagnostic(at: policy.location, "'policy' cannot be read: \(error)")])
        }
    }

    private static func requirements(_ rule: Policy.Rule, _ policy: String, _ problems: inout [Diagnostic])
        -> [Requirement]
    {
        func read<Value>(_ path: Located<String>, _ body: ([UInt8]) throws -> Value) -> Value? {
            let file = PartialFiles.path(path.value, nextTo: policy)
            do { return try body(try HostFiles.read(file, limit: 4 << 20)) } catch {
                problems.append(
                    Diagnostic(
                        at: path.location, "'\(PlainText.short(path.value))' cannot be used: \(error)",
                        hint: error.anyHint))
                return nil
            }
        }
        return rule.keys.compactMap { key in
            read(key) { try PublicKey(pem: $0) }.map { .key($0, name: key.value) }
        }
            + rule.keyless.compactMap { wanted in
                read(wanted.root) { try TrustedRoot(parsing: $0) }.map {
                    .identity(IdentityRequirement(root: $0, issuer: wanted.issuer, identity: wanted.identity))
                }
            }
    }

    /// Admits an image that the policy accepts.
    /// - Throws: ``PolicyError``; what fetching its signatures throws.
    public func admit(_ image: Image, _ provider: ImageProvider) async throws {
        _ = try await acceptance(of: image.name, provider) { try provider.digests(of: image) }
    }

    /// Why the policy accepts an image.
    /// - Parameters:
    ///   - source: its name; it is not fetched.
    ///   - digests: by which it may be signed: of its platform's manifest, and of the index.
    /// - Throws: as ``admit(_:_:)``.
    public func acceptance(of source: String, _ provider: ImageProvider, digests: () throws -> [Digest]) async throws
        -> SpecLock.Acceptance
    {
        let reference = Self.reference(source)
        guard let rule = rule(for: source) else { throw uncovered(source) }
        guard !rule.rule.accept else { return acceptance(rule) }
        guard let reference, !reference.isLocal else {
            throw refusal(source, rule, ["local images have no signatures"])
        }
        let digests = try digests()
        var found = try signers(rule, digests, reference, provider)
        if case .accepted(let acceptance) = found { return acceptance }
        var isNew = false
        for digest in digests { if try await provider.fetchAttachments(of: digest, in: reference) { isNew = true } }
        if isNew { found = try signers(rule, digests, reference, provider) }
        switch found {
        case .accepted(let acceptance): return acceptance
        case .refused(let reasons): throw refusal(source, rule, reasons)
        }
    }

    func uncovered(_ source: String) -> PolicyError {
        PolicyError(
            "image '\(PlainText.short(source))' is not covered by policy '\(PlainText.short(file))'",
            hint: "add a rule that matches '\(PlainText.short(Self.reference(source)?.name ?? source))'")
    }

    func rule(for source: String) -> Rule? {
        let name = Self.reference(source)?.name ?? source
        return rules.first { $0.rule.match.contains { Wildcard.matches($0.value, name, separator: "/") } }
    }

    /// nil for a local source: 'oci:web' would be a valid reference too, but is a folder.
    static func reference(_ source: String) -> ImageReference? {
        ImageProvider.isLocalSource(source) ? nil : try? ImageReference(source)
    }

    private enum Finding {
        case accepted(SpecLock.Acceptance)
        case refused([String])
    }

    /// Whether a signature meets the rule; else why the ones that there are do not.
    private func signers(
        _ rule: Rule, _ digests: [Digest], _ reference: ImageReference, _ provider: ImageProvider
    ) throws -> Finding {
        var reasons: [String] = []
        let names = Set(digests.map(\.description))
        for attachment in try digests.flatMap({ try provider.attachments(of: $0, in: reference) }) {
            do {
                guard
                    let signed = try ImageSignature.read(
                        attachment.bytes, mediaType: attachment.mediaType, annotations: attachment.annotations,
                        of: names)
                else { continue }
                for requirement in rule.requirements {
                    do {
                        return .accepted(acceptance(rule, try signed.signatory(requirement), of: signed.digest))
                    } catch let error as SignatureError { reasons.append(error.description) }
                }
            } catch let error as SignatureError { reasons.append(error.description) }
        }
        return .refused(reasons.isEmpty ? ["no signature"] : reasons)
    }

    private func acceptance(_ rule: Rule, _ signatory: Signatory? = nil, of digest: String? = nil)
        -> SpecLock.Acceptance
    {
        var acceptance = SpecLock.Acceptance()
        acceptance.rule = PartialFiles.name(of: file) + (rule.rule.location.map { ":\($0.line)" } ?? "")
        switch signatory {
        case .key(let name, let fingerprint):
            (acceptance.key, acceptance.fingerprint) = (name, Digest(sha256: fingerprint))
        case .identity(let identity, let issuer, _): (acceptance.identity, acceptance.issuer) = (identity, issuer)
        case nil: break
        }
        acceptance.digest = digest.flatMap { Digest($0) }
        return acceptance
    }

    /// Why nothing may be taken from a shared cache; nil when a rule covers it.
    /// - Parameter name: host and repository.
    func problem(ofCache name: String) -> String? {
        guard rule(for: name) == nil else { return nil }
        return "policy '\(PlainText.short(file))' does not cover it; add a rule that matches '\(PlainText.short(name))'"
    }

    /// Why an entry of a shared cache may not be used; nil when it meets the rule.
    /// - Parameters:
    ///   - digest: of its record.
    ///   - signature: a bundle of sigstore.
    func problem(ofCache name: String, digest: String, signature: String?) -> String? {
        guard let rule = rule(for: name) else { return problem(ofCache: name) }
        guard !rule.rule.accept else { return nil }
        guard let signature else { return "it has no signature, which policy '\(PlainText.short(file))' demands" }
        do {
            guard
                let signed = try ImageSignature.read(
                    Array(signature.utf8), mediaType: SigstoreBundle.mediaType, annotations: [:], of: [digest])
            else { return "its signature is not one" }
            var reasons: [String] = []
            for requirement in rule.requirements {
                do {
                    _ = try signed.signatory(requirement)
                    return nil
                } catch { reasons.append("\(error)") }
            }
            return reasons.joined(separator: "; ")
        } catch { return "\(error)" }
    }

    func refusal(_ source: String, _ rule: Rule, _ reasons: [String]) -> PolicyError {
        var seen: Set<String> = []
        let found = reasons.filter { seen.insert($0).inserted }.prefix(4).joined(separator: "; ")
        let line = rule.rule.location.map { ":\($0.line)" } ?? ""
        return PolicyError(
            "image '\(PlainText.short(source))' does not meet policy '\(PlainText.short(file))\(line)': \(found)",
            hint: "use an image that is signed as the policy demands, or change the rule")
    }
}

/// An image that a policy refuses.
public struct PolicyError: HintedError, CustomStringConvertible, Sendable {
    public let description: String
    public let hint: String?

    init(_ description: String, hint: String) { (self.description, self.hint) = (description, hint) }
}
