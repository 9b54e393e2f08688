internal import CZstd

/// Zstandard frames (RFC 8878) by libzstd, with a window of at most 64 MiB.
final class ZstdDecoder: MemberDecoder {
    static let magic: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]
    private static let windowLog: Int32 = 26

    let format = "zstd"
    private(set) var isMidway = true
    private let context: OpaquePointer
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)

    /// A frame, or a skippable frame before one.
    static func begins(_ first: [UInt8]) -> Bool {
        first.starts(with: magic)
            || first.count >= 4 && first[0] & 0xf0 == 0x50 && first[1...3].elementsEqual([0x2a, 0x4d, 0x18])
    }

    init() throws {
        guard let context = ZSTD_createDCtx() else {
            throw CompressionError.refused(format: "zstd", reason: "out of memory")
        }
        self.context = context
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLog)
    }

    deinit {
        ZSTD_freeDCtx(context)
        output.deallocate()
    }

    func decode(
        _ bytes: UnsafeRawBufferPointer, _ consume: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> (taken: Int, ended: Bool) {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while true {
            var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            let left = ZSTD_decompressStream(context, &target, &input)
            if ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge {
                throw CompressionError.refused(
                    format: "zstd",
                    reason:
                        "a window of more than \(1 << (Self.windowLog - 20)) MiB is needed to unpack it; compress it again without --long"
                )
            }
            guard ZSTD_isError(left) == 0 else {
                throw CompressionError.damaged(
                    format: format, reason: String(cString: ZSTD_getErrorName(left)).lowercased())
            }
            if target.pos > 0 { try consume(UnsafeRawBufferPointer(rebasing: output[..<target.pos])) }
            isMidway = left != 0
            if left == 0 { return (input.pos, true) }
            if input.pos == input.size, target.pos < target.size { return (input.pos, false) }
        }
    }
}

/// RFC 8878 by libzstd, as one frame with a checksum. The input is cut into jobs of 2 MiB whatever the number of
/// workers, so that the result is the same on every machine. The window of every level up to 19 is within what the
/// Linux kernel reads (8 MiB).
final class ZstdEncoder: Encoder {
    private static let workers: Int32 = 2
    private static let jobLength: Int32 = 2 << 20

    private let context: OpaquePointer
    private let output: UnsafeMutableRawBufferPointer

    static func description(level: Int32) -> String {
        "zstd \(String(cString: ZSTD_versionString())) level \(level) job 2 MiB"
    }

    init(level: Int32) throws {
        guard let context = ZSTD_createCCtx() else {
            throw CompressionError.refused(format: "zstd", reason: "out of memory")
        }
        self.context = context
        output = .allocate(byteCount: ZSTD_CStreamOutSize(), alignment: 64)
        try set(ZSTD_c_compressionLevel, level)
        try set(ZSTD_c_checksumFlag, 1)
        try set(ZSTD_c_nbWorkers, Self.workers)
        try set(ZSTD_c_jobSize, Self.jobLength)
    }

    deinit {
        ZSTD_freeCCtx(context)
        output.deallocate()
    }

    private func set(_ parameter: ZSTD_cParameter, _ value: Int32) throws {
        _ = try checked(ZSTD_CCtx_setParameter(context, parameter, value))
    }

    private func checked(_ result: Int) throws -> Int {
        guard ZSTD_isError(result) == 0 else {
            throw CompressionError.refused(format: "zstd", reason: String(cString: ZSTD_getErrorName(result)))
        }
        return result
    }

    func encode(_ bytes: UnsafeRawBufferPointer, last: Bool, _ drain: (UnsafeRawBufferPointer) throws -> Void) throws {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while true {
            var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            let left = try checked(ZSTD_compressStream2(context, &target, &input, last ? ZSTD_e_end : ZSTD_e_continue))
            if target.pos > 0 { try drain(UnsafeRawBufferPointer(rebasing: output[..<target.pos])) }
            if last ? left == 0 : input.pos == input.size { return }
        }
    }
}
