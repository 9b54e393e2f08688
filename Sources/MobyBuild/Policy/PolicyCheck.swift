public import Extents
internal import MobySpec
public import OCI
internal import Signatures

/// Decides which images a build may use.
public struct PolicyCheck: Sendable {
    private struct Rule {
        let rule: Policy.Rule
        let requirements: [Requirement]
    }

    private let file: String
    private let rules: [Rule]

    /// Reads a policy and the keys and trusted roots that it names.
    /// - Throws: `SpecError`, `FileError`, `ContextError` with the file that cannot be used.
    public init(file: String) throws {
        let text = try HostFiles.text(file)
        let policy = try Policy(parsing: text, file: file)
        self.file = file
        rules = try policy.rules.map { rule in
            Rule(rule: rule, requirements: try Self.requirements(rule, file))
        }
    }

    /// The policy that a spec names, next to the file that names it.
    /// - Returns: nil when it names none.
    /// - Throws: as ``init(file:)``.
    init?(of spec: Spec) throws {
        guard let policy = spec.policy else { return nil }
        let file = PartialFiles.path(policy.value, nextTo: policy.location.file)
        do { try self.init(file: file) } catch let error as FileError {
            throw SpecError([Diagnostic(at: policy.location, "'policy' cannot be read: \(error)")])
        }
    }

    private static func requirements(_ rule: Policy.Rule, _ policy: String) throws -> [Requirement] {
        func read<Value>(_ path: Located<String>, _ body: ([UInt8]) throws -> Value) throws -> Value {
            let file = PartialFiles.path(path.value, nextTo: policy)
            do { return try body(try HostFiles.read(file, limit: 4 << 20)) } catch {
                throw SpecError([
                    Diagnostic(
                        at: path.location, "'\(PlainText.short(path.value))' cannot be used: \(error)",
                        hint: error.anyHint)
                ])
            }
        }
        return try rule.keys.map { key in .key(try read(key) { try PublicKey(pem: $0) }, name: key.value) }
            + rule.keyless.map { wanted in
                .identity(
                    IdentityRequirement(
                        root: try read(wanted.root) { try TrustedRoot(parsing: $0) }, issuer: wanted.issuer,
                        identity: wanted.identity))
            }
    }

    /// Admits an image that the policy accepts.
    /// - Throws: ``PolicyError``; what fetching its signatures throws.
    public func admit(_ image: Image, _ provider: ImageProvider) async throws {
        // 'oci:web' would be a valid reference too, but is a folder.
        let reference = ImageProvider.isLocalSource(image.name) ? nil : try? ImageReference(image.name)
        let name = reference?.name ?? image.name
        guard
            let rule = rules.first(where: {
                $0.rule.match.contains { Wildcard.matches($0.value, name, separator: "/") }
            })
        else {
            throw PolicyError(
                "image '\(PlainText.short(image.name))' is not covered by policy '\(PlainText.short(file))'",
                hint: "add a rule that matches '\(PlainText.short(name))'")
        }
        guard !rule.rule.accept else { return }
        guard let reference, !reference.isLocal else {
            throw refusal(image, rule, ["local images have no signatures"])
        }
        let digests = try provider.digests(of: image)
        var reasons = try signers(rule, digests, reference, provider)
        if reasons == nil { return }
        for digest in digests { if try await provider.fetchAttachments(of: digest, in: reference) { reasons = [] } }
        if reasons == [] { reasons = try signers(rule, digests, reference, provider) }
        if let reasons { throw refusal(image, rule, reasons) }
    }

    /// - Returns: nil when a signature meets the rule; else why the ones that there are do not.
    private func signers(
        _ rule: Rule, _ digests: [Digest], _ reference: ImageReference, _ provider: ImageProvider
    ) throws -> [String]? {
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
                        _ = try signed.signatory(requirement)
                        return nil
                    } catch let error as SignatureError { reasons.append(error.description) }
                }
            } catch let error as SignatureError { reasons.append(error.description) }
        }
        return reasons.isEmpty ? ["no signature"] : reasons
    }

    private func refusal(_ image: Image, _ rule: Rule, _ reasons: [String]) -> PolicyError {
        var seen: Set<String> = []
        let found = reasons.filter { seen.insert($0).inserted }.prefix(4).joined(separator: "; ")
        let line = rule.rule.location.map { ":\($0.line)" } ?? ""
        return PolicyError(
            "image '\(PlainText.short(image.name))' does not meet policy '\(PlainText.short(file))\(line)': \(found)",
            hint: "use an image that is signed as the policy demands, or change the rule")
    }
}

/// An image that a policy refuses.
public struct PolicyError: HintedError, CustomStringConvertible, Sendable {
    public let description: String
    public let hint: String?

    init(_ description: String, hint: String) { (self.description, self.hint) = (description, hint) }
}
