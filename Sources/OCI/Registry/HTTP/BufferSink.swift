/// Keeps a small body. One exchange uses it, one call after another.
final class BufferSink: HTTPBodySink, @unchecked Sendable {
    private(set) var bytes: [UInt8] = []
    private let limit: UInt64
    /// A page of an error may be cut; a document may not.
    private var cutsErrors = false

    init(limit: UInt64) { self.limit = limit }

    func begin(_ response: HTTPResponse) {
        bytes = []
        cutsErrors = !response.isSuccess
    }

    func receive(_ piece: UnsafeRawBufferPointer) throws {
        if UInt64(bytes.count + piece.count) > limit {
            guard cutsErrors else { throw ContentError.tooLong(limit: limit) }
            return
        }
        bytes.append(contentsOf: piece)
    }
}
