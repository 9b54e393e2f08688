internal import Extents

/// A disk that is put together from pieces in order: those that had to be decompressed go to a temporary file.
struct SpooledDisk {
    private enum Source {
        case list(ExtentList)
        /// In the temporary file.
        case spooled(Range<UInt64>)
    }

    private var pieces: [(start: UInt64, source: Source)] = []
    private let file: TemporaryFile
    private let size: UInt64
    private let limit: Int
    private var end: UInt64 = 0
    /// Whether the rest after the last piece is missing instead of zeros.
    var isCutShort = false

    /// - Parameter limit: more separate pieces are an error.
    init(_ file: TemporaryFile, size: UInt64, limit: Int) { (self.file, self.size, self.limit) = (file, size, limit) }

    mutating func add(_ piece: ExtentList, at start: UInt64, spooled: Bool) throws {
        defer { end = start + piece.length }
        if spooled {
            let range = file.length..<file.length + piece.length
            try ExtentReader.read(piece) { try file.append($0) }
            if start == end, case .spooled(let last)? = pieces.last?.source {
                pieces[pieces.count - 1].source = .spooled(last.lowerBound..<range.upperBound)
            } else {
                try append(start, .spooled(range))
            }
        } else if start == end, let first = pieces.last?.start, case .list(var list)? = pieces.last?.source {
            pieces.removeLast()
            list.append(piece)
            guard list.extents.count <= limit else { throw tooMany }
            pieces.append((first, .list(list)))
        } else {
            try append(start, .list(piece))
        }
    }

    private var tooMany: InspectError { InspectError("a disk of more than \(limit) separate pieces") }

    private mutating func append(_ start: UInt64, _ source: Source) throws {
        guard pieces.count < limit else { throw tooMany }
        pieces.append((start, source))
    }

    /// The disk as a part, when it is known.
    func contents(_ inner: (ExtentList, String) throws -> Part?) throws -> [Part] {
        let spooled = try file.contents()
        var disk = ExtentList()
        for piece in pieces {
            guard piece.start >= disk.length else { throw InspectError("the disk's pieces are not sorted") }
            disk.pad(to: piece.start)
            switch piece.source {
            case .list(let list): disk.append(list)
            case .spooled(let range): disk.append(spooled[range])
            }
        }
        if isCutShort { disk.extendMissing(to: size) } else { disk.pad(to: max(size, disk.length)) }
        return try inner(disk[0..<size], "").map { [$0] } ?? []
    }
}
