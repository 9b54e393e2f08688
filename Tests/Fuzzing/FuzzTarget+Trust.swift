internal import Extents
internal import MobyBuild
internal import MobySpec
internal import OCI
internal import Signatures
internal import TestSupport

extension FuzzTarget {
    /// What decides which bytes are used.
    static let trust = [
        FuzzTarget("policy") { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            do {
                for rule in try Policy(parsing: text, file: "fuzz").rules {
                    for pattern in rule.match {
                        _ = Wildcard.matches(pattern.value, "docker.io/library/nginx", separator: "/")
                    }
                    for wanted in rule.keyless { _ = Wildcard.matches(wanted.identity, "release@example.org") }
                }
            } catch let error as SpecError {
                _ = DiagnosticRenderer(sources: ["fuzz": text]).render(error.diagnostics)
                throw error
            }
        },
        FuzzTarget("bundle") { bytes in
            try withTemporaryDirectory { folder in
                let path = "\(folder)/fuzz.bundle.tar"
                try TestFile.write(CheckSums.ofLayout(bytes), to: path)
                let bundle = try Bundle(path)
                let store = try ContentStore(path: "\(folder)/store")
                for platform in bundle.lock.platforms.prefix(4) { _ = try bundle.install(for: platform, into: store) }
                _ = try bundle.extractFiles(into: folder)
            }
        },
        // A trusted root and a bundle, each in a line.
        FuzzTarget("signature") { bytes in
            let lines = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
            guard lines.count == 2 else { throw SignatureMissing() }
            let root = try TrustedRoot(parsing: Array(lines[0]))
            let artifact = Array("{\"version\": 1}\n".utf8)
            let digest = "sha256:" + SHA256.hash(artifact).hex
            _ = try ImageSignature.read(
                Array(lines[1]), mediaType: SigstoreBundle.mediaType, annotations: [:], of: [digest])
            let signed = try SigstoreBundle(parsing: Array(lines[1])).signed(artifact: artifact)
            _ = try signed.signatory(.identity(IdentityRequirement(root: root, issuer: "*", identity: "*")))
        },
    ]

    private struct SignatureMissing: Error {}
}
