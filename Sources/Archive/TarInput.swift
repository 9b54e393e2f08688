internal import CArchive
internal import Extents
internal import Glibc

/// The state of libarchive's callbacks. An error cannot pass through C and is kept here.
final class TarInput {
    let cursor: ExtentCursor
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 4096)
    var failure: (any Error)?
    /// Which bytes of the archive the buffer holds.
    private var held: Range<UInt64> = 0..<0

    init(_ archive: ExtentList) { cursor = ExtentCursor(archive) }

    deinit { buffer.deallocate() }

    static func from(_ context: UnsafeMutableRawPointer?) -> TarInput? {
        context.map { Unmanaged<TarInput>.fromOpaque($0).takeUnretainedValue() }
    }

    static let read:
        @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeMutablePointer<UnsafeRawPointer?>?) ->
            la_ssize_t = {
                _, context, block in
                guard let input = TarInput.from(context) else { return -1 }
                do {
                    let start = input.cursor.position
                    let count = try input.cursor.read(into: input.buffer)
                    input.held = start..<start + UInt64(count)
                    block?.pointee = UnsafeRawPointer(input.buffer.baseAddress)
                    return count
                } catch {
                    input.failure = error
                    return -1
                }
            }

    /// Runs `body` with bytes of the archive, most often out of the buffer.
    /// - Throws: `FileError`, `ExtentError`, or what `body` throws.
    func with<Value>(_ range: Range<UInt64>, _ body: (UnsafeRawBufferPointer) throws -> Value) throws -> Value {
        if held.contains(range.lowerBound), range.upperBound <= held.upperBound {
            let (start, end) = (Int(range.lowerBound - held.lowerBound), Int(range.upperBound - held.lowerBound))
            return try body(UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
        }
        return try ExtentReader.bytes(of: cursor.list[range]).withUnsafeBytes(body)
    }

    static let skip: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, la_int64_t) -> la_int64_t = {
        _, context, count in
        guard let input = TarInput.from(context), count > 0 else { return 0 }
        return la_int64_t(input.cursor.skip(UInt64(count)))
    }
}
