/// Somewhere bytes go, in order: a file, a compressor, a hash.
public protocol ByteSink {
    /// Takes the next bytes. The buffer is only valid during the call.
    mutating func write(_ bytes: UnsafeRawBufferPointer) throws
}

extension ByteSink {
    /// Takes the next bytes from an array.
    public mutating func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }
}

/// Builds on-disk structures: integers of a stated width and byte order, padded text, zeros.
public struct ByteBuilder: ByteSink, Sendable {
    public private(set) var bytes: [UInt8] = []

    public init(reserving count: Int = 0) { bytes.reserveCapacity(count) }

    public var count: Int { bytes.count }

    public mutating func u8(_ value: UInt8) { bytes.append(value) }
    public mutating func u16le(_ value: UInt16) { little(value) }
    public mutating func u16be(_ value: UInt16) { big(value) }
    public mutating func u32le(_ value: UInt32) { little(value) }
    public mutating func u32be(_ value: UInt32) { big(value) }
    public mutating func u64le(_ value: UInt64) { little(value) }
    public mutating func u64be(_ value: UInt64) { big(value) }

    /// Adds bytes as they are.
    public mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    /// Adds text in a field of `length` bytes; the text must be ASCII and fit.
    public mutating func ascii(_ text: String, padded length: Int, with filler: UInt8 = 0) {
        precondition(
            text.utf8.count <= length && text.utf8.allSatisfy { $0 < 0x80 }, "'\(text)' in a field of \(length) bytes")
        bytes.append(contentsOf: text.utf8)
        fill(length - text.utf8.count, with: filler)
    }

    /// Adds a byte `count` times.
    public mutating func fill(_ count: Int, with filler: UInt8 = 0) {
        bytes.append(contentsOf: repeatElement(filler, count: count))
    }

    /// Adds a filler byte up to a length, which must not be below the present one.
    public mutating func pad(to length: Int, with filler: UInt8 = 0) { fill(length - bytes.count, with: filler) }

    /// Adds a filler byte up to the next multiple of `unit` bytes.
    public mutating func pad(toMultipleOf unit: Int, with filler: UInt8 = 0) {
        fill((unit - bytes.count % unit) % unit, with: filler)
    }

    /// Overwrites earlier bytes, e.g. with a checksum that is known last.
    public mutating func replace(at offset: Int, with other: ByteBuilder) {
        bytes.replaceSubrange(offset..<offset + other.count, with: other.bytes)
    }

    public mutating func write(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }

    private mutating func little(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func big(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
