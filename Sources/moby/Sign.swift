internal import ArgumentParser
internal import Extents
internal import MobyBuild
internal import Signatures

/// The key by which commands sign.
struct SignerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Sign with this private key: a PEM file or a pkcs11: URI.", valueName: "key"),
        completion: .file())
    var key: String?
    @Option(
        help: ArgumentHelp(
            "Sign with a program: a digest on its standard input, the signature on its output.", valueName: "command"))
    var signer: String?
    @Option(help: ArgumentHelp("Public key of --signer, in PEM.", valueName: "file"), completion: .file())
    var signerKey: String?

    mutating func validate() throws {
        if key != nil, signer != nil { throw ValidationError("--key and --signer cannot be combined") }
        if (signer == nil) != (signerKey == nil) {
            throw ValidationError("--signer and --signer-key require each other")
        }
    }

    var isGiven: Bool { key != nil || signer != nil }

    /// nil without these options.
    /// - Throws: `ContextError`.
    func signerIfAny() throws -> (any Signer)? {
        if let signer, let signerKey {
            return try CommandSigner(
                command: signer, publicKey: KeyFile.read(signerKey) { try PublicKey(pem: $0) },
                environment: Terminal.environment)
        }
        return try key.map { key in
            try ContextError.wrapping("reading '\(PrivateKey.shownName(of: key))'") { try PrivateKey(named: key) }
        }
    }
}

struct Sign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Sign the results of builds.",
        discussion: HelpText.discussion(
            """
            Writes FILE.sigstore.json, which 'moby verify', 'cosign verify-blob --bundle' and other clients of sigstore verify. For the record of a \
            build, X-build.json, the digests of its artifacts become part of the record first, so that its signature covers them.
            """,
            examples: ["moby sign --key release.pem web-build.json"], page: "docs/signatures.md"))

    @OptionGroup var global: GlobalOptions
    @OptionGroup var signing: SignerOptions
    @Argument(help: "Records of builds, or other files.", completion: .file()) var files: [String]

    mutating func validate() throws {
        if !signing.isGiven {
            throw ValidationError("a key is missing: give --key, or --signer with --signer-key")
        }
    }

    func run() async throws {
        guard let signer = try signing.signerIfAny() else { return }
        for file in files {
            let signed = try await ContextError.wrapping("signing '\(PlainText.short(file))'") {
                try await SignedFile.sign(file, by: signer)
            }
            if global.level > 0 { print(signed) }
        }
    }
}

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Verify signatures of the results of builds.",
        discussion: HelpText.discussion(
            """
            Reads FILE.sigstore.json, else FILE.sig (the output of 'cosign sign-blob'), without a network. For the record of a build, X-build.json, its \
            artifacts are compared with their digests.
            """,
            examples: ["moby verify --key release.pub web-build.json"], page: "docs/signatures.md"))

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("Public key that must have signed, in PEM.", valueName: "file"), completion: .file())
    var key: String?
    @Option(help: ArgumentHelp("Trusted root of sigstore, for --identity.", valueName: "file"), completion: .file())
    var root: String?
    @Option(help: ArgumentHelp("Who proved the identity; '*' is any text.", valueName: "URL")) var issuer: String?
    @Option(help: ArgumentHelp("Who must have signed; '*' is any text.", valueName: "identity")) var identity: String?
    @Option(help: ArgumentHelp("The signature (default: FILE.sigstore.json, else FILE.sig).", valueName: "file"))
    var signature: String?
    @Argument(help: "Records of builds, or other files.", completion: .file()) var files: [String]

    mutating func validate() throws {
        let keyless = [root, issuer, identity]
        guard key == nil ? keyless.allSatisfy({ $0 != nil }) : keyless.allSatisfy({ $0 == nil }) else {
            throw ValidationError("give --key, or all of --root, --issuer and --identity")
        }
        if signature != nil, files.count > 1 { throw ValidationError("--signature belongs to one file") }
    }

    func run() throws {
        let requirement = try requirement()
        for file in files {
            let signatory = try ContextError.wrapping("verifying '\(PlainText.short(file))'") {
                try SignedFile.verify(file, signature: signature, requirement)
            }
            if global.level > 0 { print("\(PlainText.of(file)): signed by \(signatory)") }
        }
    }

    private func requirement() throws -> Requirement {
        if let key { return .key(try KeyFile.read(key) { try PublicKey(pem: $0) }, name: key) }
        let trusted = try KeyFile.read(root ?? "") { try TrustedRoot(parsing: $0) }
        return .identity(IdentityRequirement(root: trusted, issuer: issuer ?? "", identity: identity ?? ""))
    }
}

/// Files of keys and trusted roots.
private enum KeyFile {
    static func read<Value>(_ file: String, _ body: ([UInt8]) throws -> Value) throws -> Value {
        try ContextError.wrapping("reading '\(PlainText.short(file))'") {
            try body(try HostFiles.read(file, limit: 4 << 20))
        }
    }
}
