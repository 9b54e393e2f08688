/// What the bytes of a file of a cache must amount to.
public struct FileChecksum: Sendable {
    let crc32c: UInt32
    let isWrong: @Sendable () throws -> Void

    /// - Parameters:
    ///   - crc32c: of the whole file.
    ///   - isWrong: called when it is another, e.g. to remove the file; then reading ends with `ExtentError.damaged`.
    public init(crc32c: UInt32, isWrong: @escaping @Sendable () throws -> Void) {
        self.crc32c = crc32c
        self.isWrong = isWrong
    }
}
