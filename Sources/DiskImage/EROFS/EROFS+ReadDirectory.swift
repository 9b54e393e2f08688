internal import Extents

extension EROFS.Reader {
    /// A name in a directory.
    struct Entry {
        let name: [UInt8]
        let nid: UInt64
    }

    /// The names of a directory but `.` and `..`.
    func entries(of folder: EROFS.Inode) throws -> [Entry] {
        guard folder.isDirectory else { throw fault("inode \(folder.nid) is not a directory") }
        let bytes = try contents(of: folder, limit: min(image.length, 16 << 20))
        var found: [Entry] = []
        for start in stride(from: 0, to: bytes.count, by: EROFS.blockSize) {
            try take(ByteView(Array(bytes[start..<min(start + EROFS.blockSize, bytes.count)]), "EROFS directory"), of: folder, into: &found)
        }
        return found
    }

    private func take(_ block: ByteView, of folder: EROFS.Inode, into found: inout [Entry]) throws {
        let length = EROFS.Directory.entryLength
        let damaged = fault("directory \(folder.nid) makes no sense")
        guard block.bytes.count >= length else { throw damaged }
        let first = Int(try block.u16le(8))
        guard first >= length, first % length == 0, first <= block.bytes.count else { throw damaged }
        let count = first / length
        for index in 0..<count {
            let start = Int(try block.u16le(index * length + 8))
            let end = try index + 1 < count ? Int(block.u16le((index + 1) * length + 8)) : block.bytes.count
            guard first <= start, start < end, end <= block.bytes.count else { throw damaged }
            let name = Array(try block.slice(start, end - start).prefix { $0 != 0 })
            guard !name.isEmpty, name.count <= 255, !name.contains(0x2F) else { throw damaged }
            if name == [0x2E] || name == [0x2E, 0x2E] { continue }
            found.append(Entry(name: name, nid: try block.u64le(index * length)))
        }
    }
}
