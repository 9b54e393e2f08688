extension FAT {
    /// The 8.3 name of a directory entry: 8 and 3 bytes, filled up with spaces (section 6.1).
    struct ShortName: Hashable {
        let bytes: [UInt8]

        /// `.` or `..`.
        init(dots: Int) { bytes = [UInt8](repeating: 0x2E, count: dots) + [UInt8](repeating: 0x20, count: 11 - dots) }

        private init(base: some Collection<UInt8>, suffix: some Collection<UInt8>) {
            func filled(_ part: some Collection<UInt8>, _ count: Int) -> [UInt8] {
                Array(part) + [UInt8](repeating: 0x20, count: count - part.count)
            }
            bytes = filled(base, 8) + filled(suffix, 3)
        }

        /// The short name that says the same as a name but for case; nil when there is none.
        init?(_ name: String) {
            let parts = name.uppercased().utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
            guard parts.count <= 2, (1...8).contains(parts[0].count) else { return nil }
            guard parts.count == 1 || (1...3).contains(parts[1].count) else { return nil }
            guard name.utf8.allSatisfy({ $0 < 0x80 }), parts.allSatisfy({ $0.allSatisfy(Self.isLegal) }) else { return nil }
            self.init(base: parts[0], suffix: parts.dropFirst().first ?? Substring().utf8)
        }

        /// A made-up name such as `LONGNA~1.CON`: the basis of a long name with a number.
        init(basis name: String, number: Int) {
            let (base, suffix) = Self.basis(name)
            let tail = Array("~\(number)".utf8)
            self.init(base: base.prefix(8 - tail.count) + tail, suffix: suffix)
        }

        /// What the name starts from: letters in capitals, no spaces and dots, a low line for what a short name cannot have.
        static func basis(_ name: String) -> (base: [UInt8], suffix: [UInt8]) {
            let letters = name.uppercased().unicodeScalars.map { $0.isASCII ? UInt8($0.value) : 0x5F }
            let dot = letters.lastIndex(of: 0x2E).flatMap { $0 > 0 ? $0 : nil }
            func legal(_ part: some Sequence<UInt8>, _ count: Int) -> [UInt8] {
                Array(part.filter { $0 != 0x20 && $0 != 0x2E }.map { isLegal($0) ? $0 : 0x5F }.prefix(count))
            }
            return (legal(letters[..<(dot ?? letters.count)], 6), legal(dot.map { letters[($0 + 1)...] } ?? [], 3))
        }

        static func isLegal(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || Array("!#$%&'()-@^_`{}~".utf8).contains(byte)
        }

        /// What each entry of the long name repeats (section 7.2).
        var checksum: UInt8 { bytes.reduce(0) { ($0 << 7 | $0 >> 1) &+ $1 } }
    }
}
