/// Finds the archives of an initramfs image in the bytes that are pushed into it.
struct SegmentReader {
    private enum State {
        /// Zeros, or the first bytes of an archive.
        case between([UInt8])
        case plain
        case member(any MemberDecoder)
    }

    private var state = State.between([])
    private var parser: CPIOParser
    private var segments: [CPIO.Segment] = []
    private var position: UInt64 = 0
    private var start: UInt64 = 0

    init(_ parser: CPIOParser) { self.parser = parser }

    mutating func push(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let taken = try step(rest)
            position += UInt64(taken)
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
        }
    }

    func finish() throws -> [CPIO.Segment] {
        switch state {
        case .between(let first) where first.isEmpty: return segments
        case .between: throw CPIOReadError(reason: "junk at the end of the image")
        case .plain: throw CPIOReadError(reason: "the archive at byte \(start) has no trailer")
        case .member(let decoder): throw CompressionError.cutShort(format: decoder.format)
        }
    }

    /// The archives so far, with the entries that were read of the one that is not at its end.
    var found: [CPIO.Segment] {
        if case .between = state { return segments }
        guard !parser.entries.isEmpty, !parser.isComplete else { return segments }
        return segments + [CPIO.Segment(format: format, range: start..<max(start, position), entries: parser.entries)]
    }

    private var format: String {
        if case .member(let decoder) = state { return decoder.format }
        return "none"
    }

    private mutating func step(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        switch state {
        case .between(let first): return try between(first, bytes)
        case .plain:
            let taken = try parser.push(bytes)
            if parser.isComplete { end("none", position + UInt64(taken)) }
            return taken
        case .member(let decoder):
            let (taken, ended) = try decoder.decode(bytes) { try pushPlain($0) }
            if ended {
                guard parser.isComplete || parser.entries.isEmpty && parser.isBetween else {
                    throw CPIOReadError(
                        reason:
                            "junk at the end of the \(decoder.format) archive at byte \(start), which has no trailer")
                }
                end(decoder.format, position + UInt64(taken))
            }
            return taken
        }
    }

    /// Behind a trailer there may be zeros, and then another archive.
    private mutating func pushPlain(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            if parser.isComplete || parser.isBetween, rest[0] == 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest.drop { $0 == 0 })
            } else {
                rest = UnsafeRawBufferPointer(rebasing: rest[try parser.push(rest)...])
            }
        }
    }

    private mutating func between(_ first: [UInt8], _ bytes: UnsafeRawBufferPointer) throws -> Int {
        if first.isEmpty, bytes[0] == 0 { return bytes.firstIndex { $0 != 0 } ?? bytes.count }
        if first.isEmpty { start = position }
        let seen = first + [bytes[0]]
        guard seen.count == 4 else {
            state = .between(seen)
            return 1
        }
        try begin(seen)
        // Bytes that were held back take the same path as all that follow; their offset is counted already.
        position -= 3
        try seen.withUnsafeBytes { seen in _ = try step(seen) }
        position += 3
        return 1
    }

    private mutating func begin(_ first: [UInt8]) throws {
        if first.elementsEqual("0707".utf8) {
            guard start % 4 == 0 else {
                throw CPIOReadError(reason: "an uncompressed archive at byte \(start), which is not a multiple of 4")
            }
            state = .plain
        } else if first.starts(with: GzipDecoder.magic) {
            state = .member(try GzipDecoder())
        } else if ZstdDecoder.begins(first) {
            state = .member(try ZstdDecoder())
        } else {
            throw CPIOReadError(reason: "the bytes at \(start) are not an archive")
        }
        parser = parser.next(segments.count)
    }

    private mutating func end(_ format: String, _ end: UInt64) {
        segments.append(CPIO.Segment(format: format, range: start..<end, entries: parser.entries))
        state = .between([])
    }
}
