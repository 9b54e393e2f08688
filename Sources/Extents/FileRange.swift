/// A range of a file, in bytes.
public struct FileRange: Sendable {
    public let file: SourceFile
    public let offset: UInt64
    public let length: UInt64

    /// - Parameters:
    ///   - offset: where the range starts; within the file.
    ///   - length: up to the end of the file when nil.
    public init(_ file: SourceFile, offset: UInt64 = 0, length: UInt64? = nil) {
        precondition(
            offset <= file.size && (length ?? 0) <= file.size - offset, "a range beyond the end of '\(file.path)'")
        self.file = file
        self.offset = offset
        self.length = length ?? file.size - offset
    }
}
