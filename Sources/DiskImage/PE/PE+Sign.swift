public import Extents
internal import Signatures

extension PE {
    /// An executable with an Authenticode signature, as UEFI Secure Boot verifies it: "Windows Authenticode Portable
    /// Executable Signature Format" 1.0. A signature that it has is replaced.
    ///
    /// ```
    /// the executable, padded with zeros to 8 bytes; the data directory entry of the certificate table points at:
    /// u32 length, u16 revision 0x0200, u16 type 2 (PKCS #7 SignedData), the signature, padded with zeros to 8 bytes
    /// ```
    /// - Throws: `DiskImageError` when the headers have no place for a signature, or leave bytes uncovered;
    ///   `FileError`, `ExtentError`.
    public static func signed(_ file: ExtentList, with key: SigningKey) async throws -> ExtentList {
        let headers = try Headers(file)
        guard let entry = headers.certificateEntry else {
            throw Headers.error("it has no data directory for certificates")
        }
        if let old = headers.certificates, old.upperBound != file.length {
            throw Headers.error("certificates, which are not at its end")
        }
        var plain = file[0..<(headers.certificates?.lowerBound ?? file.length)]
        plain.pad(toMultipleOf: 8)
        let content = indirectData(digest: try digest(plain, headers, entry))
        var table = ByteBuilder()
        let signature = try await signedData(content, key)
        table.u32le(UInt32(8 + signature.count).aligned(to: 8))
        table.u16le(0x0200)
        table.u16le(2)
        table.append(signature)
        table.pad(toMultipleOf: 8)
        guard plain.length + UInt64(table.count) <= 0xFFFF_FFFF else {
            throw Headers.error("\(plain.length) bytes, too long to sign")
        }
        var pointer = ByteBuilder()
        pointer.u32le(UInt32(plain.length))
        pointer.u32le(UInt32(table.count))
        plain.replace(at: UInt64(entry), with: pointer.bytes)
        plain.append(.bytes(table.bytes))
        return plain
    }

    /// SHA-256 of all but the checksum, the pointer to the certificates and the certificates, 32 bytes.
    private static func digest(_ plain: ExtentList, _ headers: Headers, _ entry: Int) throws -> [UInt8] {
        var end = headers.length
        for section in headers.sections.filter({ $0.rawSize > 0 }).sorted(by: { $0.rawOffset < $1.rawOffset }) {
            guard section.rawOffset == end else {
                throw Headers.error(
                    "section '\(section.name)' at \(section.rawOffset), but the data before it ends at \(end)")
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
    private static func indirectData(digest: [UInt8]) -> [UInt8] {
        let obsolete = "<<<Obsolete>>>".utf8.flatMap { byte -> [UInt8] in [0, byte] }
        let link = DER.tagged(0, DER.tagged(2, DER.value(0x80, obsolete)))
        let image = DER.sequence(DER.value(0x03, [0]), link)
        let data = DER.sequence(DER.identifier(1, 3, 6, 1, 4, 1, 311, 2, 1, 15), image)
        return data + DER.sequence(sha256, DER.octets(digest))
    }

    /// PKCS #7 SignedData (RFC 2315, section 9) around the content.
    private static func signedData(_ content: [UInt8], _ key: SigningKey) async throws -> [UInt8] {
        let contentType = DER.sequence(DER.identifier(1, 2, 840, 113549, 1, 9, 3), DER.set(indirectDataType))
        let digest = DER.octets(SHA256.hash(content))
        let attributes = DER.set(contentType, DER.sequence(DER.identifier(1, 2, 840, 113549, 1, 9, 4), DER.set(digest)))
        let signature = try await key.signature(of: attributes)
        // The signature covers the set; the stored copy has the tag [0] instead.
        let signer = DER.sequence(
            DER.integer(1), DER.sequence(key.certificate.issuer, key.certificate.serialNumber), sha256,
            [0xA0] + attributes.dropFirst(),
            DER.sequence(DER.identifier(1, 2, 840, 113549, 1, 1, 1), DER.null),
            DER.octets(signature))
        let signed = DER.sequence(
            DER.integer(1), DER.set(sha256), DER.sequence(indirectDataType, DER.tagged(0, DER.sequence(content))),
            DER.tagged(0, key.certificate.der), DER.set(signer))
        return DER.sequence(DER.identifier(1, 2, 840, 113549, 1, 7, 2), DER.tagged(0, signed))
    }
}

extension UInt32 {
    fileprivate func aligned(to unit: UInt32) -> UInt32 { (self + unit - 1) / unit * unit }
}

/// Builds ASN.1 values in their distinguished encoding (X.690).
enum DER {
    static func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        if content.count < 0x80 { return [tag, UInt8(content.count)] + content }
        var length: [UInt8] = []
        var rest = content.count
        while rest > 0 {
            length.insert(UInt8(rest & 0xFF), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] { value(0x30, parts.flatMap(\.self)) }
    /// The members of a set are sorted by their encodings.
    static func set(_ parts: [UInt8]...) -> [UInt8] {
        value(0x31, parts.sorted { $0.lexicographicallyPrecedes($1) }.flatMap(\.self))
    }
    static func octets(_ bytes: [UInt8]) -> [UInt8] { value(0x04, bytes) }
    /// `[number]`, with one value inside or several.
    static func tagged(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { value(0xA0 | number, content) }
    static func integer(_ number: UInt8) -> [UInt8] { [0x02, 1, number] }
    static let null: [UInt8] = [0x05, 0]

    /// An object identifier.
    static func identifier(_ numbers: Int...) -> [UInt8] {
        var content = [UInt8(numbers[0] * 40 + numbers[1])]
        for number in numbers.dropFirst(2) {
            var digits = [UInt8(number & 0x7F)]
            var rest = number >> 7
            while rest > 0 {
                digits.insert(UInt8(rest & 0x7F) | 0x80, at: 0)
                rest >>= 7
            }
            content += digits
        }
        return value(0x06, content)
    }
}
