internal import DiskImage
internal import Extents
internal import Signatures

/// By which EFI executables are signed for Secure Boot: an RSA key, and the file of its certificate in PEM.
public struct SecureBootKey: Sendable {
    public enum Source: Sendable {
        /// A PEM file, or a `pkcs11:` URI.
        case named(String)
        /// A program that signs with the certificate's key.
        case command(String)
    }

    public let source: Source
    public let certificate: String

    public init(_ source: Source, certificate: String) { (self.source, self.certificate) = (source, certificate) }

    /// - Throws: `BuildError` with the files that cannot be used.
    func key(environment: [String: String]) throws -> SigningKey {
        func read() throws -> Certificate { try Certificate(pem: HostFiles.read(certificate, limit: 1 << 20)) }
        switch source {
        case .named(let name):
            return try context("'\(PrivateKey.shownName(of: name))' and '\(certificate)'") {
                try SigningKey(key: PrivateKey(named: name), certificate: read())
            }
        case .command(let command):
            return try context("'\(certificate)'") {
                let certificate = try read()
                let signer = try CommandSigner(
                    command: command, publicKey: certificate.publicKey, environment: environment)
                return try SigningKey(key: signer, certificate: certificate)
            }
        }
    }
}
