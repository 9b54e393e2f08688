extension ISO9660 {
    /// Names of ECMA-119, level 1, in one directory: 8 and 3 of `A-Z`, `0-9`, `_`, a file's with `;1`.
    struct ShortNames {
        private var taken: Set<[UInt8]> = []
        private var numbers: [[UInt8]: Int] = [:]

        /// A name that nothing else in the directory has; case and length of the true one are lost.
        mutating func name(_ name: [UInt8], isDirectory: Bool) -> [UInt8] {
            let dot = isDirectory ? nil : name.lastIndex(of: UInt8(ascii: ".")).flatMap { $0 > 0 ? $0 : nil }
            let base = Self.letters(name[..<(dot ?? name.count)])
            let suffix = dot.map { Self.letters(name[($0 + 1)...]) } ?? []
            var candidate = Self.joined(Array(base.prefix(8)), suffix, isDirectory)
            let key = candidate
            while !taken.insert(candidate).inserted {
                let number = numbers[key, default: 0] + 1
                numbers[key] = number
                let digits = Array(String(number, radix: 36, uppercase: true).utf8)
                candidate = Self.joined(Array(base.prefix(max(0, 7 - digits.count))) + [UInt8(ascii: "_")] + digits, suffix, isDirectory)
            }
            return candidate
        }

        private static func joined(_ base: [UInt8], _ suffix: [UInt8], _ isDirectory: Bool) -> [UInt8] {
            if isDirectory { return base.isEmpty ? [UInt8(ascii: "_")] : base }
            return base + [UInt8(ascii: ".")] + suffix.prefix(3) + Array(";1".utf8)
        }

        private static func letters(_ part: ArraySlice<UInt8>) -> [UInt8] {
            part.map { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a: byte
                case 0x61...0x7a: byte - 32
                default: UInt8(ascii: "_")
                }
            }
        }
    }
}
