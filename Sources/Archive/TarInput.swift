internal import CArchive
internal import Extents

/// What libarchive's callbacks work on. An error cannot pass through C: it waits here.
final class TarInput {
    let cursor: ExtentCursor
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 4096)
    var failure: (any Error)?

    init(_ archive: ExtentList) { cursor = ExtentCursor(archive) }

    deinit { buffer.deallocate() }

    static func from(_ context: UnsafeMutableRawPointer?) -> TarInput? {
        context.map { Unmanaged<TarInput>.fromOpaque($0).takeUnretainedValue() }
    }

    static let read: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeMutablePointer<UnsafeRawPointer?>?) -> la_ssize_t = {
        _, context, block in
        guard let input = TarInput.from(context) else { return -1 }
        do {
            let count = try input.cursor.read(into: input.buffer)
            block?.pointee = UnsafeRawPointer(input.buffer.baseAddress)
            return count
        } catch {
            input.failure = error
            return -1
        }
    }

    static let skip: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, la_int64_t) -> la_int64_t = { _, context, count in
        guard let input = TarInput.from(context), count > 0 else { return 0 }
        return la_int64_t(input.cursor.skip(UInt64(count)))
    }
}
