/// Sizes as people write them, for hints: `100M`, `1.5 GiB`, `64kB`. Units are powers of 1024, as for Docker's limits.
enum ByteSize {
    /// - Returns: the number of bytes; nil for a text that has no unit or is not a size.
    static func bytes(_ text: String) -> Int64? {
        let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        var unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()[...]
        if unit.count > 1, unit.hasSuffix("b") { unit = unit.dropLast() }
        if unit.count > 1, unit.hasSuffix("i") { unit = unit.dropLast() }
        guard let power = ["b", "k", "m", "g", "t"].firstIndex(of: unit), let number = Double(digits) else {
            return nil
        }
        let bytes = number * Double(1 << (10 * UInt64(power)))
        return bytes < Double(Int64.max) ? Int64(bytes) : nil
    }
}
