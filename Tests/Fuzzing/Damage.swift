public import Extents
internal import TestSupport

/// Damaged versions of an artifact: cut short, or a few bytes changed, mostly where headers, tables and directories
/// are. Nothing is copied.
public struct Damage: Sendable {
    private static let block = 512

    private let content: ExtentList
    /// Numbers of the blocks that look like structures: neither empty nor like compressed data.
    private let structures: [UInt64]

    /// - Throws: `FileError`, `ExtentError`.
    public init(_ content: ExtentList) throws {
        self.content = content
        var found: [UInt64] = []
        let cursor = ExtentCursor(content)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.block, alignment: 16)
        defer { buffer.deallocate() }
        for number in 0..<content.length / UInt64(Self.block) {
            try cursor.fill(buffer, from: number * UInt64(Self.block))
            if Self.isStructure(UnsafeRawBufferPointer(buffer)) { found.append(number) }
        }
        if content.length % UInt64(Self.block) > 0 { found.append(content.length / UInt64(Self.block)) }
        structures = found.isEmpty ? [0] : found
    }

    /// Some zeros, but not only: of 512 random bytes two are zero.
    private static func isStructure(_ block: UnsafeRawBufferPointer) -> Bool {
        var zeros = 0
        for byte in block where byte == 0 { zeros += 1 }
        return (16..<Self.block).contains(zeros)
    }

    /// The artifact with the damage of a seed.
    public func version(_ seed: UInt64) -> ExtentList {
        var numbers = Numbers(seed)
        guard !numbers.next().isMultiple(of: 8), content.length > 0 else {
            return content[0..<UInt64.random(in: 0...content.length, using: &numbers)]
        }
        var edits: [UInt64: [UInt8]] = [:]
        for _ in 0..<Int.random(in: 1...6, using: &numbers) {
            let position = position(&numbers)
            edits[position] = Array(bytes(&numbers).prefix(Int(min(8, content.length - position))))
        }
        return edited(edits)
    }

    /// The first few versions of bytes in memory.
    public static func versions(of bytes: [UInt8], _ count: UInt64) throws -> [[UInt8]] {
        let damage = try Damage(ExtentList(bytes: bytes))
        return try (0..<count).map { try ExtentReader.bytes(of: damage.version($0)) }
    }

    private func position(_ numbers: inout Numbers) -> UInt64 {
        if numbers.next().isMultiple(of: 10) { return UInt64.random(in: 0..<content.length, using: &numbers) }
        let block = structures.randomElement(using: &numbers) ?? 0
        return min(
            content.length - 1, block * UInt64(Self.block) + UInt64.random(in: 0..<UInt64(Self.block), using: &numbers))
    }

    /// One byte, or a number that readers may stumble over.
    private func bytes(_ numbers: inout Numbers) -> [UInt8] {
        switch Int.random(in: 0..<8, using: &numbers) {
        case 0: [0]
        case 1: [0xFF]
        case 2: [UInt8(1) << UInt8.random(in: 0..<8, using: &numbers)]
        case 3: [0xFF, 0xFF, 0xFF, 0x7F]
        case 4: [UInt8](repeating: 0xFF, count: [2, 4, 8].randomElement(using: &numbers) ?? 8)
        case 5: [UInt8](repeating: 0, count: [2, 4, 8].randomElement(using: &numbers) ?? 8)
        case 6: numbers.bytes(4)
        default: numbers.bytes(1)
        }
    }

    private func edited(_ edits: [UInt64: [UInt8]]) -> ExtentList {
        var result = ExtentList()
        for (position, bytes) in edits.sorted(by: { $0.key < $1.key }) {
            // What an edit before has covered stays so.
            guard position >= result.length else { continue }
            result.append(content[result.length..<position])
            result.append(.bytes(bytes))
        }
        result.append(content[result.length..<content.length])
        return result
    }
}
