internal import Glibc

/// An answer to wait for after the start of a machine.
public struct Awaited: Sendable, Equatable {
    public var probe: HTTPProbe
    /// How long it may take, from the start of QEMU.
    public var limit: Duration
    /// Whether the machine is powered off once it answered; the exit code then tells whether it did.
    public var thenPowerOff: Bool

    public init(_ probe: HTTPProbe, limit: Duration = .seconds(120), thenPowerOff: Bool = false) {
        self.probe = probe
        self.limit = limit
        self.thenPowerOff = thenPowerOff
    }
}

extension HTTPProbe {
    /// Asks until there is an answer with a status below 400.
    /// - Parameters:
    ///   - limit: for all attempts together.
    ///   - goesOn: asked between attempts; `false` gives up.
    public func poll(within limit: Duration, while goesOn: () -> Bool = { true }) -> Answer? {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end, goesOn() {
            // QEMU accepts connections long before the guest can: an attempt that hangs is dropped soon.
            if let answer = get(within: .milliseconds(500)), answer.status < 400 { return answer }
            usleep(10_000)
        }
        return nil
    }
}
