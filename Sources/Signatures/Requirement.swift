internal import Extents

/// Who must have signed.
public enum Requirement: Sendable {
    /// A key, and how messages name it.
    case key(PublicKey, name: String)
    /// Somebody to whom an authority gave a certificate for as long as it took to sign ("keyless").
    case identity(IdentityRequirement)
}

/// A certificate's identity and who proved it. `*` in a pattern is any run of characters.
public struct IdentityRequirement: Sendable {
    public let root: TrustedRoot
    public let issuer: String
    public let identity: String

    public init(root: TrustedRoot, issuer: String, identity: String) {
        (self.root, self.issuer, self.identity) = (root, issuer, identity)
    }
}

/// Who signed.
public enum Signatory: Sendable, Equatable, CustomStringConvertible {
    /// How the policy names the key, and its fingerprint.
    case key(name: String, fingerprint: String)
    /// When, in seconds since 1970.
    case identity(String, issuer: String, time: Int64)

    public var description: String {
        switch self {
        case .key(let name, let fingerprint): "key '\(PlainText.short(name))' (sha256:\(fingerprint.prefix(16)))"
        case .identity(let identity, let issuer, _): "'\(PlainText.short(identity))' of \(PlainText.short(issuer))"
        }
    }
}

extension SignedMessage {
    /// Who signed, when that is whom a requirement names.
    /// - Throws: ``SignatureError`` with what is wrong.
    public func signatory(_ requirement: Requirement) throws -> Signatory {
        switch requirement {
        case .key(let key, let name):
            guard key.verifies(signature, of: message) else {
                throw SignatureError("not signed by key '\(PlainText.short(name))'")
            }
            return .key(name: name, fingerprint: key.fingerprint)
        case .identity(let wanted): return try signatory(wanted)
        }
    }

    private func signatory(_ wanted: IdentityRequirement) throws -> Signatory {
        guard let certificate = certificates.first else {
            throw SignatureError("signed by a key, not by an identity with a certificate")
        }
        guard certificate.publicKey.verifies(signature, of: message) else {
            throw SignatureError("the signature is not of the key in its certificate")
        }
        let times = try provenTimes(certificate, wanted.root)
        // Each of them: who can choose among times can choose one at which a stolen key was good.
        for time in times { try checkAuthority(of: certificate, at: time, wanted.root) }
        try certificate.checkPromises(
            wanted.root, issuers: wanted.root.authorities.flatMap(\.chain) + certificates.dropFirst())
        guard certificate.isForCodeSigning else { throw SignatureError("its certificate is not for signing code") }
        guard let issuer = certificate.identityIssuer else {
            throw SignatureError("its certificate does not name who proved the identity")
        }
        let identities = certificate.identities
        guard Wildcard.matches(wanted.issuer, issuer) else {
            throw SignatureError(
                "the identity was proved by \(PlainText.short(issuer)), expected \(PlainText.short(wanted.issuer))")
        }
        guard let identity = identities.first(where: { Wildcard.matches(wanted.identity, $0) }) else {
            let found = identities.map { "'\(PlainText.short($0))'" }.joined(separator: ", ")
            throw SignatureError(
                "signed by \(found.isEmpty ? "an identity without a name" : found), expected '\(PlainText.short(wanted.identity))'"
            )
        }
        return .identity(identity, issuer: issuer, time: times[0])
    }

    private func checkAuthority(of certificate: Certificate, at time: Int64, _ root: TrustedRoot) throws {
        let refusals = root.authorities.filter { $0.period.contains(time) }.map {
            $0.refusal(of: certificate, at: time, intermediates: Array(certificates.dropFirst()))
        }
        guard !refusals.contains(nil) else { return }
        throw SignatureError(
            "no authority of the trusted root vouches for its certificate: \(refusals.compactMap(\.self).first ?? "none was valid then")"
        )
    }

    /// Times when the signature existed, at least one. Certificates of identities are valid for minutes: only a log or
    /// a time stamp proves that they were at that time.
    private func provenTimes(_ certificate: Certificate, _ root: TrustedRoot) throws -> [Int64] {
        guard !entries.isEmpty else { throw SignatureError("without an entry of a transparency log") }
        var times: [Int64] = []
        for entry in entries {
            guard try entry.isAbout(self, by: .certificate(certificate)) else {
                throw SignatureError("its transparency log entry is about another signature")
            }
            if let time = try entry.verify(root) { times.append(time) }
        }
        times += timeStamps.compactMap { $0.time(of: signature, root.timeStampers) }
        guard !times.isEmpty else {
            throw SignatureError("nothing proves when it was signed: no promise of the log, and no valid time stamp")
        }
        return times
    }
}
