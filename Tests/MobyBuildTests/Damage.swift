import Extents

/// Damaged versions of an artifact: cut short, bytes changed near its start, near its end or where it has data.
struct Damage {
    private let content: ExtentList
    private let ranges: [Range<UInt64>]
    private var state: UInt64

    init(_ content: ExtentList, seed: UInt64) {
        self.content = content
        // Most structures are in the first blocks of what follows the first 1 MiB alignments.
        ranges = [0, 1 << 15, 1 << 20, 2 << 20].filter { $0 < content.length }.map { $0..<min(content.length, $0 + 8192) }
        state = seed &+ 0x9E37_79B9_7F4A_7C15
    }

    private mutating func random(_ limit: UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 16) % max(1, limit)
    }

    mutating func next() -> ExtentList {
        guard random(4) > 0 else { return content[0..<random(content.length)] }
        var result = content
        for _ in 0...random(6) {
            let range = random(8) == 0 ? 0..<content.length : ranges[Int(random(UInt64(ranges.count)))]
            let place = range.lowerBound + random(UInt64(range.count))
            let values: [UInt8] = [0, 0xFF, 0x7F, 0x80, UInt8(random(256))]
            var changed = result[0..<place]
            changed.append(.bytes([values[Int(random(5))]]))
            changed.append(result[place + 1..<result.length])
            result = changed
        }
        return result
    }
}
