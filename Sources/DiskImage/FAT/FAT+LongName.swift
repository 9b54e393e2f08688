internal import Extents

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
            func fault(_ message: String) -> DiskImageError {
                DiskImageError("'\(path)': \(message)", hint: "give the file another name")
            }
            guard !text.isEmpty, text != ".", text != ".." else { throw fault("'\(text)' is no name on a FAT volume") }
            guard text.utf16.count <= 255 else { throw fault("a name of \(text.utf16.count) UTF-16 units, at most 255 on a FAT volume") }
            guard text.last != ".", text.last != " " else { throw fault("a name that ends with '\(text.suffix(1))', which FAT would drop") }
            if let bad = text.unicodeScalars.first(where: Self.isIllegal) {
                throw fault("the character \(bad.escaped(asASCII: true)) in a name, which FAT does not have")
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
