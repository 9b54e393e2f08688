public import Extents

extension PE {
    /// An executable with an Authenticode signature, as UEFI Secure Boot verifies it: "Windows Authenticode Portable Executable Signature
    /// Format" 1.0. A signature that it has is replaced.
    ///
    /// ```
    /// the executable, padded with zeros to 8 bytes; the data directory entry of the certificate table points at:
    /// u32 length, u16 revision 0x0200, u16 type 2 (PKCS #7 SignedData), the signature, padded with zeros to 8 bytes
    /// ```
    /// - Throws: `DiskImageError` when the headers have no place for a signature, or leave bytes uncovered; `FileError`, `ExtentError`.
    public static func signed(_ file: ExtentList, with key: SigningKey) throws -> ExtentList {
        let headers = try Headers(file)
        guard let entry = headers.certificateEntry else { throw Headers.fault("no data directory for certificates") }
        if let old = headers.certificates, old.upperBound != file.length { throw Headers.fault("certificates that are not at its end") }
        var plain = file[0..<(headers.certificates?.lowerBound ?? file.length)]
        plain.pad(toMultipleOf: 8)
        let content = indirectData(digest: try digest(plain, headers, entry))
        var table = ByteBuilder()
        let signature = try signedData(content, key)
        table.u32le(UInt32(8 + signature.count).aligned(to: 8))
        table.u16le(0x0200)
        table.u16le(2)
        table.append(signature)
        table.pad(toMultipleOf: 8)
        guard plain.length + UInt64(table.count) <= 0xFFFF_FFFF else { throw Headers.fault("\(plain.length) bytes, too long to sign") }
        var pointer = ByteBuilder()
        pointer.u32le(UInt32(plain.length))
        pointer.u32le(UInt32(table.count))
        plain.replace(at: UInt64(entry), with: pointer.bytes)
        plain.append(.bytes(table.bytes))
        return plain
    }

    /// SHA-256 of all but the checksum, the pointer to the certificates and the certificates, as 64 hexadecimal digits.
    private static func digest(_ plain: ExtentList, _ headers: Headers, _ entry: Int) throws -> String {
        var end = headers.length
        for section in headers.sections.filter({ $0.rawSize > 0 }).sorted(by: { $0.rawOffset < $1.rawOffset }) {
            guard section.rawOffset == end else {
                throw Headers.fault("section '\(section.name)' at \(section.rawOffset), but the data before it end at \(end)")
            }
            end = section.rawOffset + section.rawSize
        }
        let hash = SHA256()
        let checksum = UInt64(headers.checksumOffset)
        for range in [0..<checksum, checksum + 4..<UInt64(entry), UInt64(entry) + 8..<plain.length] {
            try ExtentReader.read(plain[range]) { hash.update($0) }
        }
        return hash.finalize()
    }

    private static let indirectDataType = DER.identifier(1, 3, 6, 1, 4, 1, 311, 2, 1, 4)
    private static let sha256 = DER.sequence(DER.identifier(2, 16, 840, 1, 101, 3, 4, 2, 1), DER.null)

    /// SpcIndirectDataContent, without the tag and length around it.
    private static func indirectData(digest: String) -> [UInt8] {
        let obsolete = "<<<Obsolete>>>".utf8.flatMap { byte -> [UInt8] in [0, byte] }
        let link = DER.tagged(0, DER.tagged(2, DER.value(0x80, obsolete)))
        let image = DER.sequence(DER.value(0x03, [0]), link)
        let data = DER.sequence(DER.identifier(1, 3, 6, 1, 4, 1, 311, 2, 1, 15), image)
        return data + DER.sequence(sha256, DER.octets(octets(digest)))
    }

    /// PKCS #7 SignedData (RFC 2315, section 9) around the content.
    private static func signedData(_ content: [UInt8], _ key: SigningKey) throws -> [UInt8] {
        let contentType = DER.sequence(DER.identifier(1, 2, 840, 113549, 1, 9, 3), DER.set(indirectDataType))
        let digest = DER.octets(octets(SHA256.hash(content)))
        let attributes = DER.set(contentType, DER.sequence(DER.identifier(1, 2, 840, 113549, 1, 9, 4), DER.set(digest)))
        // What is signed is the set; what is stored has the tag [0] in its place.
        let signer = DER.sequence(
            DER.integer(1), DER.sequence(key.issuer, key.serialNumber), sha256, [0xA0] + attributes.dropFirst(),
            DER.sequence(DER.identifier(1, 2, 840, 113549, 1, 1, 1), DER.null), DER.octets(try key.signature(of: attributes)))
        let signed = DER.sequence(
            DER.integer(1), DER.set(sha256), DER.sequence(indirectDataType, DER.tagged(0, DER.sequence(content))),
            DER.tagged(0, key.certificate), DER.set(signer))
        return DER.sequence(DER.identifier(1, 2, 840, 113549, 1, 7, 2), DER.tagged(0, signed))
    }

    private static func octets(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal.utf8).map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

extension UInt32 {
    fileprivate func aligned(to unit: UInt32) -> UInt32 { (self + unit - 1) / unit * unit }
}
