internal import Extents

/// A decompressor for one gzip member, or for zstd frames.
protocol MemberDecoder: AnyObject {
    var format: String { get }
    /// Whether more bytes must come.
    var isMidway: Bool { get }
    /// Takes bytes until they are used up or the member ends.
    func decode(
        _ bytes: UnsafeRawBufferPointer, _ consume: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> (taken: Int, ended: Bool)
}
