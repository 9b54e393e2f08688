public import Extents

/// An artifact that cannot be inspected, or a missing file in it.
public struct InspectError: HintedError, CustomStringConvertible, Equatable {
    public let description: String
    public let hint: String?

    init(_ description: String, hint: String? = nil) {
        (self.description, self.hint) = (description, hint)
    }
}

/// Bounds of an inspection, whatever the bytes are.
public struct Limits: Sendable {
    /// How many things may be within one another.
    public var depth = 8
    /// How many things may be looked into.
    public var parts = 256
    /// Bytes of decompressed data, holes included.
    public var plain: UInt64 = 64 << 30
    /// Bytes of decompressed data that are not zeros; they go to a temporary file.
    public var stored: UInt64 = 16 << 30
    /// Bytes of memory, about, for the names of all files.
    public var names = 80 << 20
    /// Separate pieces of a disk.
    public var pieces = 1 << 18

    public init() {}
}
