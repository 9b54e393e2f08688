/// What a run made, for people and, as JSON, for programs.
public struct GCPResult: Sendable, Encodable, Equatable {
    /// `gs://BUCKET/OBJECT`.
    public var object: String?
    /// Base64 of the object's CRC32C.
    public var crc32c: String?
    /// Length of the object in bytes.
    public var size: UInt64?
    /// False when the bucket had these bytes already.
    public var uploaded: Bool?
    /// `projects/PROJECT/global/images/NAME`.
    public var image: String?
    public var instance: String?
    public var zone: String?
    /// The machine's address in the world.
    public var address: String?
    /// Whether the machine was deleted at the end.
    public var deleted: Bool?

    public init() {}
}
