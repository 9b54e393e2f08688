import Extents

extension ExtentList {
    /// Bytes that look random and are the same in each run.
    static func random(_ count: Int, _ seed: UInt64) -> ExtentList {
        var state = seed
        return ExtentList(
            bytes: (0..<count).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 56)
            })
    }

    static func zeros(_ count: UInt64) -> ExtentList { ExtentList([.hole(count)]) }
}
