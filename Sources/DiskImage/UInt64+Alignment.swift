extension UInt64 {
    /// Divides and rounds up.
    func divided(by unit: UInt64) -> UInt64 { self / unit + (self % unit == 0 ? 0 : 1) }

    /// The next multiple of `unit`, or itself; the result must be within 64 bits.
    func rounded(to unit: UInt64) -> UInt64 { divided(by: unit) * unit }
}
