internal import Extents
public import JSON

/// A signed document with its type (DSSE, protocol.md and envelope.md).
public struct Envelope: Sendable {
    public let payloadType: String
    public let payload: [UInt8]
    let signatures: [[UInt8]]

    /// Of statements about artifacts (in-toto attestation framework).
    public static let statementType = "application/vnd.in-toto+json"

    init(payloadType: String, payload: [UInt8], signatures: [[UInt8]]) {
        (self.payloadType, self.payload, self.signatures) = (payloadType, payload, signatures)
    }

    /// Signs a document.
    public init(_ payload: [UInt8], type: String, by signer: some Signer) async throws {
        let signature = try await signer.signature(of: Self.preAuthenticated(payload, type))
        self.init(payloadType: type, payload: payload, signatures: [signature])
    }

    init(_ fields: Fields) throws {
        payloadType = try fields.text("payloadType")
        payload = try fields.bytes("payload")
        signatures = try fields.list("signatures").map { try $0.bytes("sig") }
    }

    /// What signatures cover: `DSSEv1 LENGTH TYPE LENGTH PAYLOAD`.
    static func preAuthenticated(_ payload: [UInt8], _ type: String) -> [UInt8] {
        Array("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
    }

    public var json: JSONValue {
        .object([
            ("payloadType", .string(payloadType)), ("payload", .string(payload.base64)),
            ("signatures", .array(signatures.map { .object([("sig", .string($0.base64))]) })),
        ])
    }
}
