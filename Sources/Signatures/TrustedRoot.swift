internal import Extents
internal import FoundationEssentials
internal import JSON

/// Whom keyless signatures are verified against: certificate authorities, transparency logs and time stamp
/// authorities, as sigstore's `trusted_root.json` lists them (protobuf-specs, sigstore_trustroot.proto).
public struct TrustedRoot: Sendable {
    struct Log: Sendable {
        let key: PublicKey
        /// SHA-256 of the key, as entries name it.
        let id: [UInt8]
        let period: ClosedRange<Int64>
    }

    let authorities: [CertificateAuthority]
    let logs: [Log]
    let timeStampers: [CertificateAuthority]
    /// Of certificates; where there are any, one must have promised to publish a signer's certificate.
    let certificateLogs: [Log]

    /// - Throws: ``SignatureError``.
    public init(parsing bytes: [UInt8]) throws {
        let document = try Fields(bytes)
        let type = try document.text("mediaType")
        guard type.hasPrefix("application/vnd.dev.sigstore.trustedroot") else {
            throw SignatureError("'mediaType' is '\(PlainText.short(type))', which is not a trusted root")
        }
        authorities = try document.list("certificateAuthorities").map(Self.authority)
        timeStampers = try document.list("timestampAuthorities").map(Self.authority)
        logs = try document.list("tlogs").map(Self.log)
        certificateLogs = try document.list("ctlogs").map(Self.log)
        guard !authorities.isEmpty, !logs.isEmpty else {
            throw SignatureError("no certificate authority or no transparency log in it")
        }
    }

    private static func log(_ fields: Fields) throws -> Log {
        let key = try fields.member("publicKey")
        return Log(
            key: try PublicKey(der: try key.bytes("rawBytes")), id: try fields.member("logId").bytes("keyId"),
            period: try period(key))
    }

    private static func authority(_ fields: Fields) throws -> CertificateAuthority {
        let chain = try fields.member("certChain").list("certificates").map {
            try Certificate(der: try $0.bytes("rawBytes"))
        }
        guard !chain.isEmpty else { throw SignatureError("'certChain' has no certificates") }
        return CertificateAuthority(chain: chain, period: try period(fields))
    }

    private static func period(_ fields: Fields) throws -> ClosedRange<Int64> {
        guard let period = try fields.optionalMember("validFor") else { return Int64.min...Int64.max }
        let start = try period.optionalText("start").map(seconds) ?? Int64.min
        let end = try period.optionalText("end").map(seconds) ?? Int64.max
        guard start <= end else { throw SignatureError("'validFor' ends before it starts") }
        return start...end
    }

    /// RFC 3339 in UTC, as protobuf writes it; fractions are cut.
    private static func seconds(_ text: String) throws -> Int64 {
        let form = Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains("."))
        do { return Int64(try form.parse(text).timeIntervalSince1970) } catch {
            throw SignatureError("'\(PlainText.short(text))' is not a time such as 2026-01-31T12:00:00Z")
        }
    }
}
