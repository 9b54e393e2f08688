internal import Extents

/// Keeps a small body. One exchange uses it, one call after another.
package final class BufferSink: HTTPBodySink, @unchecked Sendable {
    package private(set) var bytes: [UInt8] = []
    private let limit: UInt64
    /// A page of an error may be cut; a document may not.
    private var cutsErrors = false

    package init(limit: UInt64) { self.limit = limit }

    package func begin(_ response: HTTPResponse) {
        bytes = []
        cutsErrors = !response.isSuccess
    }

    package func receive(_ piece: UnsafeRawBufferPointer) throws {
        if UInt64(bytes.count + piece.count) > limit {
            guard cutsErrors else { throw ExtentError.tooLong(length: UInt64(bytes.count + piece.count), limit: limit) }
            return
        }
        bytes.append(contentsOf: piece)
    }
}
