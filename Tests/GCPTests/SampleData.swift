import Foundation
import TestSupport

enum SampleData {
    /// Bytes without a pattern, made without much memory.
    static func write(bytes: Int, to path: String) throws {
        try TestFile.write("", to: path)
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        var state: UInt64 = 88_172_645_463_325_252
        var rest = bytes
        while rest > 0 {
            var piece = [UInt64](repeating: 0, count: 125_000)
            for index in piece.indices {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                piece[index] = state
            }
            try file.write(contentsOf: piece.withUnsafeBytes { Data($0.prefix(rest)) })
            rest -= min(rest, 1_000_000)
        }
        try file.close()
    }
}
