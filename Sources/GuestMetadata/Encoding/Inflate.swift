/// Compressed data that cannot be read.
struct InflateError: Error, Equatable {
    let reason: String
}

/// The format "deflate" (RFC 1951).
struct Inflate {
    private let bytes: ArraySlice<UInt8>
    private let limit: Int
    private var offset: Int
    private var bits: UInt32 = 0
    private var bitCount = 0
    private var output: [UInt8] = []

    init(_ bytes: ArraySlice<UInt8>, limit: Int) {
        (self.bytes, self.limit, offset) = (bytes, limit, bytes.startIndex)
    }

    /// Offset after the last byte that was used.
    var end: Int { offset }

    mutating func run() throws(InflateError) -> [UInt8] {
        var isLast = false
        while !isLast {
            isLast = try take(1) == 1
            switch try take(2) {
            case 0: try stored()
            case 1: try block(Self.fixed.literals, Self.fixed.distances)
            case 2:
                let codes = try dynamicCodes()
                try block(codes.literals, codes.distances)
            default: throw InflateError(reason: "malformed compressed data")
            }
        }
        return output
    }

    private mutating func take(_ count: Int) throws(InflateError) -> Int {
        while bitCount < count {
            guard offset < bytes.endIndex else { throw InflateError(reason: "compressed data end early") }
            bits |= UInt32(bytes[offset]) << UInt32(bitCount)
            offset += 1
            bitCount += 8
        }
        let value = bits & (1 << UInt32(count) - 1)
        bits >>= UInt32(count)
        bitCount -= count
        return Int(value)
    }

    private mutating func append(_ byte: UInt8) throws(InflateError) {
        guard output.count < limit else { throw InflateError(reason: "decompresses to more than \(limit) bytes") }
        output.append(byte)
    }

    private mutating func stored() throws(InflateError) {
        (bits, bitCount) = (0, 0)
        let (length, inverse) = (try take(16), try take(16))
        guard length == ~inverse & 0xFFFF else { throw InflateError(reason: "malformed compressed data") }
        for _ in 0..<length { try append(UInt8(try take(8))) }
    }

    /// A canonical Huffman code: how many codes each length has, and the symbols in the order of their codes.
    private struct Code {
        var counts = [Int](repeating: 0, count: 16)
        var symbols: [Int] = []

        /// - Parameter lengths: of each symbol's code; 0 for a symbol without one.
        init(_ lengths: some Collection<Int>) throws(InflateError) {
            for length in lengths { counts[length] += 1 }
            counts[0] = 0
            var left = 1
            for length in 1..<16 {
                left = left * 2 - counts[length]
                guard left >= 0 else { throw InflateError(reason: "malformed compressed data") }
            }
            for length in 1..<16 {
                for (symbol, own) in lengths.enumerated() where own == length { symbols.append(symbol) }
            }
        }

        /// For codes that are sound.
        fileprivate init(fixed lengths: [Int]) {
            for length in lengths { counts[length] += 1 }
            for length in 1..<16 {
                for (symbol, own) in lengths.enumerated() where own == length { symbols.append(symbol) }
            }
        }
    }

    /// RFC 1951, 3.2.6.
    private static let fixed = (
        literals: Code(
            fixed: [8, 9, 7, 8].enumerated().flatMap { Array(repeating: $1, count: [144, 112, 24, 8][$0]) }),
        distances: Code(fixed: Array(repeating: 5, count: 30))
    )

    private mutating func symbol(_ code: Code) throws(InflateError) -> Int {
        var (value, first, index) = (0, 0, 0)
        for length in 1..<16 {
            value |= try take(1)
            let count = code.counts[length]
            if value - first < count { return code.symbols[index + value - first] }
            index += count
            first = (first + count) << 1
            value <<= 1
        }
        throw InflateError(reason: "malformed compressed data")
    }

    /// RFC 1951, 3.2.7.
    private mutating func dynamicCodes() throws(InflateError) -> (literals: Code, distances: Code) {
        let (literals, distances, meta) = (try take(5) + 257, try take(5) + 1, try take(4) + 4)
        var lengths = [Int](repeating: 0, count: 19)
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        for index in order.prefix(meta) { lengths[index] = try take(3) }
        let code = try Code(lengths)
        var all: [Int] = []
        while all.count < literals + distances {
            let symbol = try symbol(code)
            switch symbol {
            case 16:
                guard let last = all.last else { throw InflateError(reason: "malformed compressed data") }
                all += Array(repeating: last, count: 3 + (try take(2)))
            case 17: all += Array(repeating: 0, count: 3 + (try take(3)))
            case 18: all += Array(repeating: 0, count: 11 + (try take(7)))
            default: all.append(symbol)
            }
        }
        guard all.count == literals + distances else { throw InflateError(reason: "malformed compressed data") }
        return (try Code(all[..<literals]), try Code(all[literals...]))
    }

    /// RFC 1951, 3.2.5.
    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145,
        8193, 12289, 16385, 24577,
    ]

    private mutating func block(_ literals: Code, _ distances: Code) throws(InflateError) {
        while true {
            let symbol = try symbol(literals)
            if symbol < 256 {
                try append(UInt8(symbol))
                continue
            }
            if symbol == 256 { return }
            guard symbol - 257 < Self.lengthBases.count else { throw InflateError(reason: "malformed compressed data") }
            let extra = symbol < 265 || symbol == 285 ? 0 : (symbol - 261) / 4
            let length = Self.lengthBases[symbol - 257] + (try take(extra))
            let code = try self.symbol(distances)
            guard code < Self.distanceBases.count else { throw InflateError(reason: "malformed compressed data") }
            let distance = Self.distanceBases[code] + (try take(code < 4 ? 0 : code / 2 - 1))
            guard distance <= output.count else { throw InflateError(reason: "malformed compressed data") }
            for _ in 0..<length { try append(output[output.count - distance]) }
        }
    }
}
