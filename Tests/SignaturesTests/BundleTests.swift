import Extents
import Foundation
import TestSupport
import Testing

@testable import Signatures

/// Bundles of a certificate authority and a transparency log of our own, compared with what sigstore's client says.
struct BundleTests {
    static let issuer = "https://token.example.org"
    static let identity = "https://git.example.org/acme/web/.workflow/release@refs/tags/v1"

    private static let timeless =
        "nothing proves when it was signed: no promise of the log, and no valid time stamp"
    private static let unpromised = "no log of the trusted root has promised to publish its certificate"
    /// What sigstore's client does not know, and rejects.
    private static let unknown: Set = ["second-envelope"]

    /// What is wrong with each bundle, as moby says it; nil for valid ones.
    private static let expected: [String: String?] = [
        "good": nil, "good-envelope": nil, "good-single-entry": nil, "good-last-entry": nil,
        "other-identity": "signed by 'release@example.org', expected '\(identity)'",
        "other-issuer": "the identity was proved by https://evil.example.org, expected \(issuer)",
        "other-artifact":
            "the bundle is of another artifact, with SHA-256 043e0584e9f645d9f3df530845108ea0a77fec255c8196d6bd89eba19983ae71",
        "other-statement": "the statement is about another artifact",
        "expired": "no authority of the trusted root vouches for its certificate: certificate has expired",
        "stranger":
            "no authority of the trusted root vouches for its certificate: unable to get local issuer certificate",
        "not-for-code": "its certificate is not for signing code",
        "other-key": "the signature is not of the key in its certificate",
        "no-entry": "without an entry of a transparency log",
        "unknown-log": "its transparency log ba7eb674c68d463d is not in the trusted root",
        "entry-of-another": "its transparency log entry is about another signature",
        "promise-broken": "the transparency log did not sign its entry",
        "proof-broken": "the proof of inclusion in the transparency log is wrong",
        "root-broken": "the proof of inclusion in the transparency log is wrong",
        "checkpoint-broken": "the transparency log did not sign its checkpoint",
        "time-moved": "the transparency log did not sign its entry",
        "signature-broken": "the signature is not of the key in its certificate",
        "payload-broken": "the statement is about another artifact",
        "no-promise": unpromised, "unknown-certificate-log": unpromised, "promise-of-another": unpromised,
        // Entries of the log's second version have no time: that is a time stamp's.
        "second": nil, "second-envelope": nil, "second-without-stamp": timeless, "second-stamp-of-another": timeless,
        "second-unknown-stamper": timeless, "second-stamp-broken": timeless,
        "second-other-artifact":
            "the bundle is of another artifact, with SHA-256 043e0584e9f645d9f3df530845108ea0a77fec255c8196d6bd89eba19983ae71",
        "second-other-key": "the signature is not of the key in its certificate",
        "second-expired": "no authority of the trusted root vouches for its certificate: certificate has expired",
        "second-stamped-in-time": nil, "stamped": nil,
        "stamped-too-late": "no authority of the trusted root vouches for its certificate: certificate has expired",
        "certificate-broken": "its transparency log entry is about another signature",
    ]

    @Test func agreesWithSigstore() async throws {
        try await Authority.with { folder in
            let artifact = try TestFile.read("\(folder)/artifact")
            let wanted = try Authority.requirement(folder, Self.identity)
            let verdicts = try JSONDecoder().decode(
                [String: String].self, from: Data(TestFile.read("\(folder)/verdicts.json")))
            #expect(Set(verdicts.keys) == Set(Self.expected.keys))
            for (name, verdict) in verdicts {
                let bundle = try SigstoreBundle(parsing: TestFile.read("\(folder)/\(name).sigstore.json"))
                let found = Result { try bundle.signed(artifact: artifact).signatory(wanted) }
                switch (found, Self.expected[name] ?? nil) {
                case (.success(let signatory), nil):
                    let time: Int64 = name == "second-stamped-in-time" ? 1_749_990_100 : 1_750_000_000
                    #expect(signatory == .identity(Self.identity, issuer: Self.issuer, time: time), "\(name)")
                case (.failure(let error), let reason?): #expect("\(error)" == reason, "\(name)")
                default: Issue.record("\(name): \(found)")
                }
                if Self.unknown.contains(name) {
                    #expect(verdict.contains("Unsupported"), "\(name): sigstore says '\(verdict)'")
                    continue
                }
                #expect(((try? found.get()) != nil) == verdict.isEmpty, "\(name): sigstore says '\(verdict)'")
            }
        }
    }

    @Test func everyChangedByteIsAnErrorOrNothing() async throws {
        try await Authority.with { folder in
            let artifact = try TestFile.read("\(folder)/artifact")
            let wanted = try Authority.requirement(folder, Self.identity)
            let whole = try TestFile.read("\(folder)/good.sigstore.json")
            var numbers = Numbers(7)
            var refused = 0
            for _ in 0..<2000 {
                var bytes = whole
                bytes[Int.random(in: 0..<bytes.count, using: &numbers)] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
                do {
                    let signatory = try SigstoreBundle(parsing: bytes).signed(artifact: artifact).signatory(wanted)
                    // What nothing signs, such as the kind's version, may change.
                    #expect(signatory == .identity(Self.identity, issuer: Self.issuer, time: 1_750_000_000))
                } catch is SignatureError { refused += 1 }
            }
            #expect(refused > 1500)
        }
    }

    /// The example of DSSE's protocol.md.
    @Test func envelopeIsEncodedBeforeItIsSigned() {
        let encoded = Envelope.preAuthenticated(Array("hello world".utf8), "http://example.com/HelloWorld")
        #expect(String(decoding: encoded, as: UTF8.self) == "DSSEv1 29 http://example.com/HelloWorld 11 hello world")
    }

    /// Both forms in which registries have signatures of images.
    @Test func signaturesOfImages() async throws {
        let digest = "sha256:" + String(repeating: "ab", count: 32)
        try await Authority.with(image: digest) { folder in
            let wanted = try Authority.requirement(folder, "*")
            let annotations = try JSONDecoder().decode(
                [String: String].self, from: Data(TestFile.read("\(folder)/cosign-annotations.json")))
            let forms = [
                (try TestFile.read("\(folder)/cosign-payload.json"), ImageSignature.simpleSigning, annotations),
                (try TestFile.read("\(folder)/image.sigstore.json"), SigstoreBundle.mediaType, [:]),
            ]
            for (bytes, type, annotations) in forms {
                let read = { (digests: Set<String>) in
                    try ImageSignature.read(bytes, mediaType: type, annotations: annotations, of: digests)
                }
                let signed = try #require(try read([digest, "sha256:00"]))
                #expect(
                    try signed.signatory(wanted)
                        == .identity(Self.identity, issuer: Self.issuer, time: 1_750_000_000))
                #expect(signed.digest == digest)
                let error = #expect(throws: SignatureError.self) { try read(["sha256:00"]) }
                #expect(error?.description == "a signature of another image, \(digest)")
            }
            // A statement that describes an artifact does not sign an image.
            let other = try ImageSignature.read(
                TestFile.read("\(folder)/good.sigstore.json"), mediaType: SigstoreBundle.mediaType, annotations: [:],
                of: [digest])
            #expect(other?.digest == nil)
        }
    }

    @Test(arguments: [
        ("a*", "a", true), ("a*", "ab/c", true), ("*", "", true), ("a", "ab", false), ("*b", "aab", true),
        ("a**b", "axyb", true), ("", "a", false), ("*a*a*a*a*a*a*a*a*b", String(repeating: "a", count: 200), false),
    ])
    func patterns(_ pattern: String, _ text: String, _ matches: Bool) {
        #expect(Wildcard.matches(pattern, text) == matches)
    }

    @Test(arguments: [
        ("ghcr.io/acme/*", "ghcr.io/acme/web", true), ("ghcr.io/acme/*", "ghcr.io/acme/web/evil", false),
        ("ghcr.io/acme/**", "ghcr.io/acme/web/base", true), ("ghcr.io/acme", "ghcr.io/acme/web", false),
        ("**", "docker.io/library/nginx", true), ("*/library/*", "docker.io/library/nginx", true),
    ])
    func patternsOfNames(_ pattern: String, _ text: String, _ matches: Bool) {
        #expect(Wildcard.matches(pattern, text, separator: "/") == matches)
    }
}

/// The authority of `authority.py`.
enum Authority {
    static func with(image digest: String? = nil, _ body: @Sendable (String) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            let python = Oracle("\(Program.root)/.build/tools/sigstore/bin/python")
            let script = "\(Program.root)/Tests/SignaturesTests/authority.py"
            try python.output([script, folder] + [digest].compactMap(\.self))
            try await body(folder)
        }
    }

    static func requirement(_ folder: String, _ identity: String) throws -> Requirement {
        let root = try TrustedRoot(parsing: TestFile.read("\(folder)/trusted_root.json"))
        return .identity(IdentityRequirement(root: root, issuer: BundleTests.issuer, identity: identity))
    }
}
