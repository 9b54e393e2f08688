internal import Synchronization

/// Numbers that look random and are the same in each run (SplitMix64).
public struct Numbers: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(_ seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }

    /// So many bytes.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        let words = (0..<count / 8 + 1).map { _ in next() }
        return words.withUnsafeBytes { Array($0.prefix(count)) }
    }
}

/// A counter that handlers on several threads share.
public final class Counter: Sendable {
    private let value = Mutex(0)

    public init() {}

    public var count: Int { value.withLock { $0 } }

    /// The number of this call, from 1.
    @discardableResult
    public func next() -> Int {
        value.withLock {
            $0 += 1
            return $0
        }
    }
}
