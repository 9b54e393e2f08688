internal import Extents
public import OCI
public import Signatures

extension ImageProvider {
    /// Signs an image that a registry has, as cosign 3 does: a bundle of sigstore refers to it.
    /// - Parameters:
    ///   - name: what the store calls it.
    ///   - target: where it was pushed to; the same name when nil.
    ///   - digest: by which the registry knows it.
    /// - Returns: the digest of the signature's manifest.
    /// - Throws: `ImageError`, `RegistryError`, `SignatureError`.
    public func sign(_ name: String, at target: String?, _ digest: Digest, by signer: some Signer) async throws
        -> Digest
    {
        let envelope = try await Envelope(
            ImageSignature.statement(digest.description), type: Envelope.statementType, by: signer)
        let bundle = SigstoreBundle.text(.envelope(envelope), key: signer.publicKey)
        return try await attach(
            Array(bundle.utf8), mediaType: SigstoreBundle.mediaType,
            annotations: [
                "dev.sigstore.bundle.content": "dsse-envelope",
                "dev.sigstore.bundle.predicateType": ImageSignature.predicateType,
            ], to: digest, in: ImageReference(target ?? name))
    }
}
