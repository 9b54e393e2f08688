internal import CISAL
internal import CZlib

/// One gzip member (RFC 1952), by ISA-L; its checksum and length are verified.
final class GzipDecoder: MemberDecoder {
    /// ID1, ID2 and the only compression method there is.
    static let magic: [UInt8] = [0x1f, 0x8b, 8]
    private static let outputLength = 256 << 10

    let format = "gzip"
    private(set) var isMidway = true
    private let state = UnsafeMutablePointer<inflate_state>.allocate(capacity: 1)
    private let output = UnsafeMutablePointer<UInt8>.allocate(capacity: outputLength)

    init() throws {
        isal_inflate_init(state)
        state.pointee.crc_flag = UInt32(ISAL_GZIP)
    }

    deinit {
        state.deallocate()
        output.deallocate()
    }

    func decode(
        _ bytes: UnsafeRawBufferPointer, _ consume: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> (taken: Int, ended: Bool) {
        state.pointee.next_in = UnsafeMutablePointer(mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
        state.pointee.avail_in = UInt32(bytes.count)
        repeat {
            state.pointee.next_out = output
            state.pointee.avail_out = UInt32(Self.outputLength)
            let status = isal_inflate(state)
            let count = Self.outputLength - Int(state.pointee.avail_out)
            if count > 0 { try consume(UnsafeRawBufferPointer(start: output, count: count)) }
            guard status == ISAL_DECOMP_OK || status == ISAL_END_INPUT else {
                throw CompressionError.damaged(format: format, reason: Self.reason(status))
            }
            if state.pointee.block_state == ISAL_BLOCK_FINISH {
                isMidway = false
                break
            }
        } while state.pointee.avail_out == 0 || state.pointee.avail_in > 0
        return (bytes.count - Int(state.pointee.avail_in), !isMidway)
    }

    private static func reason(_ status: Int32) -> String {
        switch status {
        case ISAL_INVALID_BLOCK: "unknown block type"
        case ISAL_INVALID_SYMBOL: "unknown symbol"
        case ISAL_INVALID_LOOKBACK: "a distance beyond the start"
        case ISAL_INVALID_WRAPPER: "the header is not valid"
        case ISAL_UNSUPPORTED_METHOD: "unknown compression method"
        case ISAL_INCORRECT_CHECKSUM: "the checksum is wrong"
        default: "isa-l error \(status)"
        }
    }
}
