public import Signatures

/// An RSA key with its certificate, by which EFI executables are signed.
public struct SigningKey: Sendable {
    private let key: any Signer
    let certificate: Certificate

    /// - Throws: `DiskImageError` when the key cannot sign for UEFI, or is not that of the certificate.
    public init(key: any Signer, certificate: Certificate) throws {
        guard key.publicKey.isRSA else {
            throw DiskImageError(
                "the signing key is not an RSA key", hint: "UEFI accepts RSA keys of 2048 bits or more")
        }
        guard key.publicKey.der == certificate.publicKey.der else {
            throw DiskImageError(
                "the signing key does not belong to the certificate", hint: "give the two that were made together")
        }
        (self.key, self.certificate) = (key, certificate)
    }

    /// The PKCS #1 signature of the SHA-256 of bytes.
    func signature(of bytes: [UInt8]) async throws -> [UInt8] { try await key.signature(of: bytes) }
}
