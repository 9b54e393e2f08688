extension ExtentList {
    /// The bytes of a range, read into memory; for readers that go by offsets. Holes are zeros.
    /// - Parameters:
    ///   - offset: in bytes.
    ///   - count: in bytes; the caller bounds it.
    /// - Throws: `ExtentError.beyondEnd` when the list ends before that, `FileError`, `ExtentError.changed`.
    public func bytes(at offset: UInt64, count: Int) throws -> [UInt8] {
        guard count >= 0, offset <= length, UInt64(count) <= length - offset else {
            throw ExtentError.beyondEnd(offset: offset, count: count, length: length)
        }
        let cursor = ExtentCursor(self)
        cursor.seek(to: offset)
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { buffer in
            var done = 0
            while done < count {
                done += try cursor.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
            }
        }
        return bytes
    }
}
