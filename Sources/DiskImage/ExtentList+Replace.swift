internal import Extents

extension ExtentList {
    /// Puts bytes over those that are there; they must lie within.
    mutating func replace(at offset: UInt64, with bytes: [UInt8]) {
        var result = self[0..<offset]
        result.append(.bytes(bytes))
        result.append(self[offset + UInt64(bytes.count)..<length])
        self = result
    }
}
