internal import Extents

/// Takes the bytes of one newc archive piece by piece and gives its entries.
struct CPIOParser {
    private enum State {
        case header
        case name(Header)
        case contents(Header, name: [UInt8])
    }

    private struct Header {
        var fields: [UInt32]
        var mode: UInt32 { fields[1] }
        var length: UInt32 { fields[6] }
        var nameLength: UInt32 { fields[11] }
        var isSymlink: Bool { mode & 0o170000 == 0o120000 }
    }

    private(set) var entries: [CPIO.Entry] = []
    /// Whether the trailer was read, and nothing after it.
    private(set) var isComplete = false
    private let keepsContents: Bool
    /// Bytes that further entries may take, about.
    private var budget: Int
    private let selection: Selection?
    private var segment = 0
    private var state = State.header
    /// The bytes of the present state so far, and how many it needs.
    private var gathered: [UInt8] = []
    private var needed = 110
    private var skipped = 0

    /// One file whose contents are wanted.
    struct Selection {
        let segment: Int
        let entry: Int
        let consume: (UnsafeRawBufferPointer) throws -> Void
    }

    /// The wanted file was handed on whole.
    struct Done: Error {}

    /// Targets of symlinks are kept in any case.
    static let targetLimit: UInt32 = 1 << 16

    init(keepsContents: Bool, budget: Int = .max, selection: Selection? = nil) {
        (self.keepsContents, self.budget, self.selection) = (keepsContents, budget, selection)
    }

    /// For the next archive: with the rest of the budget.
    func next(_ segment: Int) -> CPIOParser {
        var next = CPIOParser(keepsContents: keepsContents, budget: budget, selection: selection)
        next.segment = segment
        return next
    }

    /// Whether it is between archives or entries.
    var isBetween: Bool {
        guard case .header = state else { return false }
        return gathered.isEmpty
    }

    /// - Returns: how many bytes it has taken: all, unless the trailer came.
    mutating func push(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        var taken = 0
        isComplete = false
        while taken < bytes.count, !isComplete {
            let count = min(needed - gathered.count - skipped, bytes.count - taken)
            if case .contents(let header, _) = state, !keeps(header) {
                try hand(UnsafeRawBufferPointer(rebasing: bytes[taken..<taken + count]), header)
                skipped += count
            } else {
                gathered.append(contentsOf: bytes[taken..<taken + count])
            }
            taken += count
            if gathered.count + skipped == needed { try advance() }
        }
        return taken
    }

    private func keeps(_ header: Header) -> Bool { keepsContents || header.isSymlink }

    private func hand(_ bytes: UnsafeRawBufferPointer, _ header: Header) throws {
        guard let selection, selection.segment == segment, selection.entry == entries.count else { return }
        // Bytes after the file's length are padding.
        let count = min(bytes.count, max(0, Int(header.length) - skipped))
        if count > 0 { try selection.consume(UnsafeRawBufferPointer(rebasing: bytes[..<count])) }
    }

    private mutating func advance() throws {
        switch state {
        case .header:
            let header = try parse(gathered)
            // The name's padding counts from the header's start.
            expect(Int((110 + header.nameLength + 3) & ~3) - 110, .name(header))
        case .name(let header):
            let name = Array(gathered.prefix(Int(header.nameLength) - 1))
            if name.elementsEqual("TRAILER!!!".utf8) {
                isComplete = true
                return expect(110, .header)
            }
            expect(Int((UInt64(header.length) + 3) & ~3), .contents(header, name: name))
            if needed == 0 { try advance() }
        case .contents(let header, let name):
            if budget < .max { try spend(name, header) }
            entries.append(try entry(header, name))
            if let selection, selection.segment == segment, selection.entry == entries.count - 1 { throw Done() }
            expect(110, .header)
        }
    }

    private mutating func expect(_ count: Int, _ next: State) {
        (state, needed, skipped) = (next, count, 0)
        gathered.removeAll(keepingCapacity: count <= 4096)
    }

    private func parse(_ bytes: [UInt8]) throws -> Header {
        guard bytes.starts(with: "070701".utf8) else { throw CPIOReadError(reason: "missing newc header") }
        let fields = stride(from: 6, to: 110, by: 8).map {
            UInt32(String(decoding: bytes[$0..<$0 + 8], as: UTF8.self), radix: 16)
        }
        let header = Header(fields: fields.compactMap { $0 })
        guard header.fields.count == 13 else { throw CPIOReadError(reason: "a header field is not hexadecimal") }
        guard (1...4096).contains(header.nameLength) else {
            throw CPIOReadError(reason: "a name is \(header.nameLength) bytes long")
        }
        guard !header.isSymlink || header.length <= Self.targetLimit else {
            throw CPIOReadError(
                reason: "a symlink target is \(header.length) bytes long; the limit is \(Self.targetLimit)")
        }
        return header
    }

    /// Memory of an entry without its name, in bytes.
    private static let entryCost = 384

    private mutating func spend(_ name: [UInt8], _ header: Header) throws {
        budget -= Self.entryCost + name.count + (header.isSymlink ? Int(header.length) : 0)
        guard budget >= 0 else { throw CPIOReadError(reason: "too many names: the memory limit is reached") }
    }

    private func entry(_ header: Header, _ name: [UInt8]) throws -> CPIO.Entry {
        guard let path = TreePath(name) else { throw CPIOReadError(reason: "a name with a '..' component") }
        let contents =
            keepsContents
            ? ExtentList(bytes: Array(gathered.prefix(Int(header.length)))) : ExtentList([.hole(UInt64(header.length))])
        let (major, minor) = (header.fields[9], header.fields[10])
        let kind: FileTree.Kind
        switch header.mode & 0o170000 {
        case 0o040000: kind = .directory
        case 0o100000: kind = .regular(contents)
        case 0o120000: kind = .symlink(Array(gathered.prefix(Int(header.length))))
        case 0o020000: kind = .characterDevice(major: major, minor: minor)
        case 0o060000: kind = .blockDevice(major: major, minor: minor)
        case 0o010000: kind = .fifo
        default:
            throw CPIOReadError(
                reason: "'\(PlainText.short(path.description))' has mode \(String(header.mode, radix: 8))")
        }
        let node = FileTree.Node(
            kind, mode: UInt16(header.mode & 0o7777), uid: header.fields[2], gid: header.fields[3],
            modified: Int64(header.fields[5]))
        return CPIO.Entry(path: path, node: node, inode: header.fields[0], links: header.fields[4])
    }
}
