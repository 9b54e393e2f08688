extension FAT {
    /// Reads the entries of one directory (sections 6 and 7).
    struct DirectoryReader {
        private let view: ByteView
        private let prefix: String
        /// Pieces of a long name whose short name comes next: the last piece first.
        private var pieces: [(number: UInt8, checksum: UInt8, units: [UInt16])] = []

        init(_ bytes: [UInt8], prefix: String) {
            view = ByteView(bytes, "FAT directory")
            self.prefix = prefix
        }

        func entries() throws -> [Reader.Entry] {
            var reader = self
            var result: [Reader.Entry] = []
            for offset in stride(from: 0, to: view.bytes.count - 31, by: 32) {
                let first = try view.u8(offset)
                if first == 0 { break }
                if let entry = try reader.entry(at: offset, first) { result.append(entry) }
            }
            return result
        }

        private mutating func entry(at offset: Int, _ first: UInt8) throws -> Reader.Entry? {
            let attributes = Attributes(rawValue: try view.u8(offset + 11) & 0x3F)
            if first != 0xE5, attributes == .longName {
                try add(offset)
                return nil
            }
            defer { pieces = [] }
            let short = try view.slice(offset, 11)
            guard first != 0xE5, !attributes.contains(.volumeLabel), short[0] != 0x2E else { return nil }
            let name = longName(of: short) ?? shortName(short)
            guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(0x2F), !name.utf8.contains(0) else {
                throw Reader.fault("a name that is none in '\(prefix)'")
            }
            let isDirectory = attributes.contains(.directory)
            let cluster = UInt64(try view.u16le(offset + 20)) << 16 | UInt64(try view.u16le(offset + 26))
            return Reader.Entry(
                path: prefix + name, isDirectory: isDirectory, size: isDirectory ? 0 : UInt64(try view.u32le(offset + 28)), cluster: cluster
            )
        }

        private mutating func add(_ offset: Int) throws {
            let number = try view.u8(offset)
            if number & 0x40 != 0 { pieces = [] }
            let places = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30]
            pieces.append((number & 0x3F, try view.u8(offset + 13), try places.map { try view.u16le(offset + $0) }))
        }

        /// The long name when its pieces are all there and belong to the short one.
        private func longName(of short: [UInt8]) -> String? {
            let checksum = short.reduce(UInt8(0)) { ($0 << 7 | $0 >> 1) &+ $1 }
            guard !pieces.isEmpty, pieces.count <= 20, pieces.allSatisfy({ $0.checksum == checksum }) else { return nil }
            guard pieces.map(\.number) == (1...UInt8(pieces.count)).reversed() else { return nil }
            return String(decoding: pieces.reversed().flatMap(\.units).prefix { $0 != 0 && $0 != 0xFFFF }, as: UTF16.self)
        }

        private func shortName(_ bytes: [UInt8]) -> String {
            // 0x05 stands for 0xE5, which would mean "deleted".
            let letters = (bytes[0] == 5 ? [0xE5] : [bytes[0]]) + bytes.dropFirst()
            func trimmed(_ part: ArraySlice<UInt8>) -> String {
                let text = part.reversed().drop { $0 == 0x20 }.reversed()
                return String(String.UnicodeScalarView(text.map { Unicode.Scalar($0) }))
            }
            let (base, suffix) = (trimmed(letters[..<8]), trimmed(letters[8...]))
            return suffix.isEmpty ? base : "\(base).\(suffix)"
        }
    }
}
