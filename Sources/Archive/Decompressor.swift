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

/// Decompresses input piece by piece: gzip, zstd or plain, recognized by the first bytes.
/// Concatenated members are one stream. After a gzip stream anything that is not another member is ignored, as gzip(1)
/// does.
public final class Decompressor {
    private enum State {
        /// Waiting for the first four bytes.
        case detecting([UInt8])
        case plain
        /// Within a member.
        case member(any MemberDecoder)
        /// Behind a gzip member: zeros may follow, another member, or junk.
        case between([UInt8])
        case ignoring
    }

    private var state = State.detecting([])
    /// Bytes after a gzip stream that are not another one: zeros, junk.
    public private(set) var trailing: UInt64 = 0
    private var left: UInt64
    private let limit: UInt64

    /// - Parameter limit: an upper bound of plain bytes; more is an error.
    public init(limit: UInt64 = .max) {
        self.limit = limit
        left = limit
    }

    /// Takes the next bytes of the input and hands on what comes out of them.
    /// - Throws: `CompressionError`, or what `consume` throws.
    public func write(_ bytes: UnsafeRawBufferPointer, _ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
        var rest = bytes
        while !rest.isEmpty { rest = UnsafeRawBufferPointer(rebasing: rest[try step(rest, consume)...]) }
    }

    /// Ends the input.
    /// - Throws: `CompressionError.cutShort` when it ends within a member.
    public func finish(_ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch state {
        case .detecting(let bytes) where bytes.count > 1 && GzipDecoder.magic.starts(with: bytes):
            throw CompressionError.cutShort(format: "gzip")
        case .detecting(let bytes): try bytes.withUnsafeBytes { try hand($0, consume) }
        case .member(let decoder) where decoder.isMidway: throw CompressionError.cutShort(format: decoder.format)
        case .between(let first): trailing += UInt64(first.count)
        case .member, .plain, .ignoring: break
        }
    }

    /// - Returns: how many bytes it has taken.
    private func step(_ bytes: UnsafeRawBufferPointer, _ consume: (UnsafeRawBufferPointer) throws -> Void) throws -> Int
    {
        switch state {
        case .detecting(var first):
            let count = min(4 - first.count, bytes.count)
            first.append(contentsOf: bytes[..<count])
            state = .detecting(first)
            if first.count == 4 { try begin(first, consume) }
            return count
        case .plain:
            try hand(bytes, consume)
            return bytes.count
        case .member(let decoder):
            let (taken, ended) = try decoder.decode(bytes) { try hand($0, consume) }
            if ended, decoder is GzipDecoder { state = .between([]) }
            return taken
        case .between(let first):
            return try between(first, bytes, consume)
        case .ignoring:
            trailing += UInt64(bytes.count)
            return bytes.count
        }
    }

    private func between(
        _ first: [UInt8], _ bytes: UnsafeRawBufferPointer, _ consume: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int {
        if first.isEmpty, bytes[0] == 0 {
            let zeros = bytes.firstIndex { $0 != 0 } ?? bytes.count
            trailing += UInt64(zeros)
            return zeros
        }
        let seen = first + [bytes[0]]
        if seen == GzipDecoder.magic {
            try begin(seen, consume)
        } else if GzipDecoder.magic.starts(with: seen) {
            state = .between(seen)
        } else {
            trailing += UInt64(seen.count)
            state = .ignoring
        }
        return 1
    }

    private func begin(_ first: [UInt8], _ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
        if first.starts(with: GzipDecoder.magic) {
            state = .member(try GzipDecoder())
        } else if ZstdDecoder.begins(first) {
            state = .member(try ZstdDecoder())
        } else {
            state = .plain
        }
        try first.withUnsafeBytes { try write($0, consume) }
    }

    private func hand(_ bytes: UnsafeRawBufferPointer, _ consume: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard UInt64(bytes.count) <= left else { throw CompressionError.tooLong(limit: limit) }
        left -= UInt64(bytes.count)
        if !bytes.isEmpty { try consume(bytes) }
    }
}
