internal import Extents

extension FAT {
    /// A directory to write, with its contents.
    final class DirectoryTree {
        enum Child {
            case directory(DirectoryTree)
            case file(File)
        }

        struct Entry {
            let name: LongName
            let child: Child
            var short: ShortName
        }

        private(set) var entries: [Entry] = []
        /// Nil for the root directory.
        private(set) weak var parent: DirectoryTree?
        private var indices: [String: Int] = [:]

        private init(in parent: DirectoryTree?) { self.parent = parent }

        convenience init(_ files: [File]) throws {
            self.init(in: nil)
            for file in files { try add(file) }
            nameShortly()
        }

        private func add(_ file: File) throws {
            guard file.content.length <= 0xFFFF_FFFF else {
                throw DiskImageError(
                    "'\(file.path)' has \(file.content.length) bytes, at most 4294967295 bytes (4 GiB - 1) on a FAT volume",
                    hint: "make the file smaller, or choose a format without a FAT volume")
            }
            var directory = self
            let names = try file.path.split(separator: "/", omittingEmptySubsequences: false).map {
                try LongName($0, of: file.path)
            }
            for name in names.dropLast() { directory = try directory.directory(name, of: file.path) }
            guard let name = names.last else { return }
            guard directory.indices[name.key] == nil else { throw Self.twice(file.path) }
            directory.append(name, .file(file))
        }

        private static func twice(_ path: String) -> DiskImageError {
            DiskImageError(
                "'\(path)' exists twice: FAT ignores case",
                hint: "rename one of the files")
        }

        private func append(_ name: LongName, _ child: Child) {
            indices[name.key] = entries.count
            // The short name comes when all names are known.
            entries.append(Entry(name: name, child: child, short: ShortName(dots: 1)))
        }

        private func directory(_ name: LongName, of path: String) throws -> DirectoryTree {
            if let index = indices[name.key] {
                guard case .directory(let directory) = entries[index].child else { throw Self.twice(path) }
                return directory
            }
            let directory = DirectoryTree(in: self)
            append(name, .directory(directory))
            return directory
        }

        /// Gives short names: first to those that have one of their own, then made-up ones, here and below.
        private func nameShortly() {
            var taken: Set<ShortName> = []
            for (index, entry) in entries.enumerated() {
                if let short = ShortName(entry.name.text) {
                    entries[index].short = short
                    taken.insert(short)
                }
                if case .directory(let directory) = entry.child { directory.nameShortly() }
            }
            var numbers: [[UInt8]: Int] = [:]
            for (index, entry) in entries.enumerated() where ShortName(entry.name.text) == nil {
                let basis = ShortName.basis(entry.name.text)
                var number = numbers[basis.base + [0] + basis.suffix, default: 0] + 1
                while !taken.insert(ShortName(basis: entry.name.text, number: number)).inserted { number += 1 }
                numbers[basis.base + [0] + basis.suffix] = number
                entries[index].short = ShortName(basis: entry.name.text, number: number)
            }
        }

        /// Every directory below this one and itself, parents first.
        var all: [DirectoryTree] {
            var result = [self]
            for case .directory(let directory) in entries.map(\.child) { result += directory.all }
            return result
        }

        /// Entries of 32 bytes that this directory takes.
        func entryCount(hasLabel: Bool) -> Int {
            let own = parent == nil ? (hasLabel ? 1 : 0) : 2
            return entries.reduce(own) { $0 + 1 + ($1.name.isShort ? 0 : ($1.name.text.utf16.count + 12) / 13) }
        }
    }
}

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
            guard name.utf8.allSatisfy({ $0 < 0x80 }), parts.allSatisfy({ $0.allSatisfy(Self.isLegal) }) else {
                return nil
            }
            self.init(base: parts[0], suffix: parts.dropFirst().first ?? Substring().utf8)
        }

        /// A made-up name such as `LONGNA~1.CON`: the basis of a long name with a number.
        init(basis name: String, number: Int) {
            let (base, suffix) = Self.basis(name)
            let tail = Array("~\(number)".utf8)
            self.init(base: base.prefix(8 - tail.count) + tail, suffix: suffix)
        }

        /// The start of the name: capital letters, no spaces and dots, an underscore for what a short name cannot
        /// have.
        static func basis(_ name: String) -> (base: [UInt8], suffix: [UInt8]) {
            let letters = name.uppercased().unicodeScalars.map { $0.isASCII ? UInt8($0.value) : 0x5F }
            let dot = letters.lastIndex(of: 0x2E).flatMap { $0 > 0 ? $0 : nil }
            func legal(_ part: some Sequence<UInt8>, _ count: Int) -> [UInt8] {
                Array(part.filter { $0 != 0x20 && $0 != 0x2E }.map { isLegal($0) ? $0 : 0x5F }.prefix(count))
            }
            return (legal(letters[..<(dot ?? letters.count)], 6), legal(dot.map { letters[($0 + 1)...] } ?? [], 3))
        }

        static func isLegal(_ byte: UInt8) -> Bool {
            byte.isASCIIDigit || byte.isASCIIUppercase
                || Array("!#$%&'()-@^_`{}~".utf8).contains(byte)
        }

        /// Fields that each entry of the long name repeats (section 7.2).
        var checksum: UInt8 { bytes.reduce(0) { ($0 << 7 | $0 >> 1) &+ $1 } }
    }
}

extension FAT {
    /// A name as people write it, checked: at most 255 UTF-16 units (section 7).
    struct LongName {
        let text: String
        /// Two names with the same key are one to FAT.
        var key: String { text.uppercased() }
        /// Whether the short name says all of it.
        var isShort: Bool { text == text.uppercased() && ShortName(text) != nil }

        init(_ name: some StringProtocol, of path: String) throws {
            text = String(name)
            func error(_ message: String) -> DiskImageError {
                DiskImageError("'\(path)': \(message)", hint: "give the file another name")
            }
            guard !text.isEmpty, text != ".", text != ".." else { throw error("'\(text)' is not a valid FAT name") }
            guard text.utf16.count <= 255 else {
                throw error("a name of \(text.utf16.count) UTF-16 units, at most 255 on a FAT volume")
            }
            guard text.last != ".", text.last != " " else {
                throw error("a name that ends with '\(text.suffix(1))', which FAT does not store")
            }
            if let bad = text.unicodeScalars.first(where: Self.isIllegal) {
                throw error("the character \(bad.escaped(asASCII: true)) in a name, which FAT does not allow")
            }
        }

        private static func isIllegal(_ scalar: Unicode.Scalar) -> Bool {
            scalar.value < 0x20 || scalar.value == 0x7F || "\"*:<>?\\|".unicodeScalars.contains(scalar)
        }

        /// The directory entries of the long name, the last piece first: 13 units each.
        /// ```
        /// 0     number from 1, +0x40 on the last piece     13  checksum of the short name
        /// 1-10  units 0-4                                  14-25  units 5-10
        /// 11    0x0F, 12 type 0                            26-27  0, 28-31 units 11-12
        /// ```
        func entries(for short: ShortName) -> [UInt8] {
            var units = Array(text.utf16)
            let count = (units.count + 12) / 13
            if units.count % 13 != 0 { units.append(0) }
            units += [UInt16](repeating: 0xFFFF, count: count * 13 - units.count)
            var builder = ByteBuilder(reserving: count * 32)
            for index in (0..<count).reversed() {
                let piece = units[index * 13..<index * 13 + 13]
                builder.u8(UInt8(index + 1) | (index == count - 1 ? 0x40 : 0))
                for unit in piece.prefix(5) { builder.u16le(unit) }
                builder.append([Attributes.longName.rawValue, 0, short.checksum])
                for unit in piece.dropFirst(5).prefix(6) { builder.u16le(unit) }
                builder.u16le(0)
                for unit in piece.suffix(2) { builder.u16le(unit) }
            }
            return builder.bytes
        }
    }
}

extension FAT {
    /// Date and time of a directory entry: years from 1980 in local time, of which UTC is taken; 2 seconds are the unit
    /// (section 6.1).
    struct TimeStamp {
        let date: UInt16
        let time: UInt16

        init(seconds: UInt64) {
            // 1980-01-01 up to 2107-12-31 23:59:58.
            let stamp = CivilTime(seconds: Int64(min(max(seconds, 315_532_800), 4_354_819_198)))
            date = UInt16((stamp.year - 1980) << 9 | stamp.month << 5 | stamp.day)
            time = UInt16(stamp.hour << 11 | stamp.minute << 5 | stamp.second / 2)
        }
    }
}
