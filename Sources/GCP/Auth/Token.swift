/// An access token and the time when it runs out.
struct Token: Sendable {
    let value: Secret
    /// Seconds since 1970.
    let end: Int64

    /// A token that is about to run out is not begun with.
    func serves(at time: Int64) -> Bool { time < end - 60 }
}
