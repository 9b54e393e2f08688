internal import Extents
internal import FoundationEssentials

/// An object of Cloud Storage: the fields that are used.
public struct StoredObject: Sendable, Decodable, Equatable {
    public let bucket: String
    public let name: String
    /// Length in bytes; JSON has it as text.
    let size: String?
    /// Base64 of four bytes, the most significant first.
    let crc32c: String?

    /// The fields that a look-up asks for.
    static let fields = "bucket,name,size,crc32c"

    public var length: UInt64? { size.flatMap { UInt64($0) } }
}

/// A file to be stored and its checksum.
public struct UploadSource: Sendable, Equatable {
    public let path: String
    /// Length in bytes.
    public let size: UInt64
    /// The checksum as Cloud Storage writes it.
    public let checksum: String

    public init(path: String, size: UInt64, crc32c: UInt32) {
        self.path = path
        self.size = size
        checksum = Self.text(crc32c)
    }

    /// Reads the file for its checksum.
    /// - Throws: `FileError`, `ExtentError.changed`.
    public init(_ path: String) throws {
        var check = CRC32C()
        let list = try ExtentList(file: path)
        try ExtentReader.read(list) { check.update($0) }
        self.init(path: path, size: list.length, crc32c: check.value)
    }

    /// Base64 of the four bytes, the most significant first ("Hashes and ETags" of Cloud Storage).
    static func text(_ crc32c: UInt32) -> String {
        Data([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: crc32c >> UInt32($0)) }).base64EncodedString()
    }

    /// Whether an object holds the same bytes, as far as length and checksum tell.
    public func isSame(as object: StoredObject) -> Bool { object.crc32c == checksum && object.length == size }
}
