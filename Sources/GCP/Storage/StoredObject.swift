/// An object of Cloud Storage: the fields that are used.
public struct StoredObject: Sendable, Decodable, Equatable {
    public let bucket: String
    public let name: String
    /// Length in bytes; JSON has it as text.
    let size: String?
    /// Base64 of four bytes, the most significant first.
    let crc32c: String?

    /// What a call asks to be told.
    static let fields = "bucket,name,size,crc32c"

    public var length: UInt64? { size.flatMap { UInt64($0) } }
}
