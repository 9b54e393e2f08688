extension ExtentCursor {
    /// Fills the buffer from a position; what lies beyond the end of the list is zeros.
    /// - Throws: `FileError`, `ExtentError.changed`.
    public func fill(_ buffer: UnsafeMutableRawBufferPointer, from position: UInt64) throws {
        var done = 0
        if position < list.length {
            seek(to: position)
            while done < buffer.count {
                let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
                if count == 0 { break }
                done += count
            }
        }
        UnsafeMutableRawBufferPointer(rebasing: buffer[done...]).initializeMemory(as: UInt8.self, repeating: 0)
    }
}
