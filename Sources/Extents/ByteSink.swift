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
